/** Why captures of other projects do not give the same everywhere. */

/**
 * Groups of which tshark and the independent decoder behind `raw` do not see the same, and what the
 * output has. But for the first, it has what the independent decoder found.
 */
export const EXPLANATIONS: Readonly<Record<string, string>> = {
  "tcpdump/sflow_print-segv":
    "A forged packet: its UDP header says 8 octets of payload, its IP header 868. Hosts and tshark " +
    "go by UDP, and so does the output: too short for a header. The independent decoder went by IP.",
  "logstash/ipfix": "The payload holds three messages. A UDP payload is one message (RFC 7011, " +
    "section 10.3.2): the first is decoded, the others are told as `message-length`. In a file of " +
    "any other name than `.dat`, which holds one payload, all three are decoded.",
  "logstash/netflow_9_h3c":
    "H3C sends fields of variable length in NetFlow v9, which RFC 3954 does " +
    "not have; tshark does not cut them.",
  "vflow/ipfix_multiMessage":
    "The set of options templates ends in two octets of padding, which tshark reads as a template, " +
    "and then loses its way. The length of the message is 43 octets too small, which cuts the last " +
    "set.",
  "ipfixcol/bad-length-in-set":
    "The length of a set leads into the middle of a template, which the end of the set cuts; tshark " +
    "takes it, the output does not.",
  "ipfixcol/bad-length-in-set-very-long":
    "A set says that it is longer than its message; tshark gives up, the output has what is whole.",
  "telegraf/sflow_issue_15375": "tshark 4.0 does not know samples of format 5 (discarded packet).",
  "goflow2/TestSFlowDecodeDropExtendedFunction":
    "tshark 4.0 does not know samples of format 5 (discarded packet).",
  "cistern-sflow/event_discarded_packet":
    "tshark 4.0 does not know samples of format 5 (discarded packet).",
  "gopacket/SFlowTestPacket8":
    "A record goes on behind the end of its sample; tshark shows it from the octets behind, the " +
    "output shows its octets in hexadecimal and says `short-sample`.",
  "gopacket/SFlowTestPacket9": "tshark 4.0 does not know counters of formats 1004 and 1005.",
  "gopacket/SFlowTestPacket12": "tshark 4.0 does not know counters of formats 1004 and 1005.",
};

/** What the output has other than the independent decoder; {@linkcode EXPLANATIONS} says why. */
export const KNOWN_DIFFERENCES: Readonly<Record<string, readonly string[]>> = {
  "tcpdump/sflow_print-segv": [
    "sflow_print-segv.pcap packet 1: version is undefined, expected 5",
    "sflow_print-segv.pcap packet 1: samples is [], expected [[1,[]],[0,[]]]",
  ],
};
