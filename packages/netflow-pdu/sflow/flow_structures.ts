import { byDataFormat, type SflowStructure, structure } from "./structure.ts";
import { xdr, type XdrField, type XdrNames } from "./xdr.ts";

/** The octets of a sampled packet from its first header on. */
export const SAMPLED_HEADER: SflowStructure = structure(
  1,
  "sampled_header",
  xdr("u32 protocol frame_length stripped; opaque header"),
);

/** What an agent found in the Ethernet header of a packet. */
export const SAMPLED_ETHERNET: SflowStructure = structure(
  2,
  "sampled_ethernet",
  xdr("u32 length; mac src_mac dst_mac; u32 type"),
);

/** What an agent found in the IPv4 header of a packet. */
export const SAMPLED_IPV4: SflowStructure = structure(
  3,
  "sampled_ipv4",
  xdr("u32 length protocol; ipv4 src_ip dst_ip; u32 src_port dst_port tcp_flags tos"),
);

/** What an agent found in the IPv6 header of a packet. */
export const SAMPLED_IPV6: SflowStructure = structure(
  4,
  "sampled_ipv6",
  xdr("u32 length protocol; ipv6 src_ip dst_ip; u32 src_port dst_port tcp_flags priority"),
);

/** VLANs of a packet on both sides of a switch. */
export const EXTENDED_SWITCH: SflowStructure = structure(
  1001,
  "extended_switch",
  xdr("u32 src_vlan src_priority dst_vlan dst_priority"),
);

/** The route of a packet. */
export const EXTENDED_ROUTER: SflowStructure = structure(
  1002,
  "extended_router",
  xdr("address nexthop; u32 src_mask_len dst_mask_len"),
);

const NAMES: XdrNames = {
  as_path_type: xdr("u32 type; u32[] as_numbers"),
  sampled_ethernet: SAMPLED_ETHERNET.fields,
  sampled_ipv4: SAMPLED_IPV4.fields,
  sampled_ipv6: SAMPLED_IPV6.fields,
  socket_ipv4: xdr("u32 protocol; ipv4 local_ip remote_ip; u32 local_port remote_port"),
  socket_ipv6: xdr("u32 protocol; ipv6 local_ip remote_ip; u32 local_port remote_port"),
  context: xdr("string application operation attributes"),
  data_source: xdr("u32 source_id_type source_id_index"),
  pdu: xdr("flow_record[] flow_records"),
};

const fields = (text: string): readonly XdrField[] => xdr(text, NAMES);

/** The BGP route of a packet. */
export const EXTENDED_GATEWAY: SflowStructure = structure(
  1003,
  "extended_gateway",
  fields(
    "address nexthop; u32 as src_as src_peer_as; as_path_type[] dst_as_path; " +
      "u32[] communities; u32 localpref",
  ),
);

/** Addresses of a packet after translation. */
export const EXTENDED_NAT: SflowStructure = structure(
  1007,
  "extended_nat",
  xdr("address src_address dst_address"),
);

/** Ports of a packet after translation. */
export const EXTENDED_NAT_PORT: SflowStructure = structure(
  1020,
  "extended_nat_port",
  xdr("u32 src_port dst_port"),
);

/**
 * What flow samples and discarded packets may hold.
 *
 * Source: sFlow Version 5, and the extensions that the registry of structure numbers at sflow.org
 * lists: 802.11, Application, Dropped Packet Notification, HTTP, InfiniBand, Memcached, OpenFlow,
 * Port NAT, Transit Delay, Tunnel, Host and Broadcom Buffer Structures; 1041 to 1043, 2209 and 2210
 * as hsflowd sends them.
 */
export const FLOW_STRUCTURES: readonly SflowStructure[] = [
  SAMPLED_HEADER,
  SAMPLED_ETHERNET,
  SAMPLED_IPV4,
  SAMPLED_IPV6,
  EXTENDED_SWITCH,
  EXTENDED_ROUTER,
  EXTENDED_GATEWAY,
  structure(
    1004,
    "extended_user",
    xdr("u32 src_charset; string src_user; u32 dst_charset; string dst_user"),
  ),
  structure(1005, "extended_url", xdr("u32 direction; string url host")),
  structure(1006, "extended_mpls", xdr("address nexthop; u32[] in_stack out_stack")),
  EXTENDED_NAT,
  structure(1008, "extended_mpls_tunnel", xdr("string tunnel_lsp_name; u32 tunnel_id tunnel_cos")),
  structure(1009, "extended_mpls_vc", xdr("string vc_instance_name; u32 vll_vc_id vc_label_cos")),
  structure(1010, "extended_mpls_FTN", xdr("string mplsFTNDescr; u32 mplsFTNMask")),
  structure(1011, "extended_mpls_LDP_FEC", xdr("u32 mplsFecAddrPrefixLength")),
  structure(1012, "extended_vlantunnel", xdr("u32[] stack")),
  structure(1013, "extended_80211_payload", xdr("u32 ciphersuite; opaque data")),
  structure(
    1014,
    "extended_80211_rx",
    xdr(
      "string ssid; mac bssid; u32 version channel; u64 speed; u32 rsni rcpi packet_duration",
    ),
  ),
  structure(
    1015,
    "extended_80211_tx",
    xdr(
      "string ssid; mac bssid; u32 version transmissions packet_duration retrans_duration channel; " +
        "u64 speed; u32 power",
    ),
  ),
  structure(1016, "extended_80211_aggregation", fields("pdu[] pdus")),
  structure(1017, "extended_openflow_v1", xdr("u64 flow_cookie; u32 flow_match flow_actions")),
  structure(1018, "extended_fc", xdr("u32 src_mask_len dst_mask_len next_hop metric")),
  structure(1019, "extended_queue_length", xdr("u32 queueIndex queueLength")),
  EXTENDED_NAT_PORT,
  structure(1021, "extended_L2_tunnel_egress", fields("sampled_ethernet header")),
  structure(1022, "extended_L2_tunnel_ingress", fields("sampled_ethernet header")),
  structure(1023, "extended_ipv4_tunnel_egress", fields("sampled_ipv4 header")),
  structure(1024, "extended_ipv4_tunnel_ingress", fields("sampled_ipv4 header")),
  structure(1025, "extended_ipv6_tunnel_egress", fields("sampled_ipv6 header")),
  structure(1026, "extended_ipv6_tunnel_ingress", fields("sampled_ipv6 header")),
  structure(1027, "extended_decapsulate_egress", xdr("u32 inner_header_offset")),
  structure(1028, "extended_decapsulate_ingress", xdr("u32 inner_header_offset")),
  structure(1029, "extended_vni_egress", xdr("u32 vni")),
  structure(1030, "extended_vni_ingress", xdr("u32 vni")),
  structure(
    1031,
    "extended_ib_lrh",
    xdr("u32 src_vl src_sl src_dlid src_slid src_lnh dst_vl dst_sl dst_dlid dst_slid dst_lnh"),
  ),
  structure(
    1032,
    "extended_ib_grh",
    xdr("u32 flow_label tc; octets16 s_gid d_gid; u32 next_header length"),
  ),
  structure(1033, "extended_ib_bth", xdr("u32 pkey dst_qp opcode")),
  structure(1034, "extended_vlanin", xdr("u32[] stack")),
  structure(1035, "extended_vlanout", xdr("u32[] stack")),
  structure(1036, "extended_egress_queue", xdr("u32 queue")),
  structure(1037, "extended_acl", xdr("u32 number; string name; u32 direction")),
  structure(1038, "extended_function", xdr("string symbol")),
  structure(1039, "extended_transit", xdr("u32 delay")),
  structure(1040, "extended_queue", xdr("u32 depth")),
  structure(1041, "extended_hw_trap", xdr("string group trap")),
  structure(1042, "extended_linux_drop_reason", xdr("string reason")),
  structure(1043, "extended_timestamp", xdr("u64 nanoseconds")),
  structure(
    2000,
    "transaction",
    xdr("u32 direction wait duration status; u64 bytes_received bytes_send"),
  ),
  structure(
    2001,
    "extended_nfs_storage_transaction",
    xdr("string path; u32 operation status"),
  ),
  structure(2002, "extended_scsi_storage_transaction", xdr("u32 lun operation status")),
  structure(
    2003,
    "extended_http_transaction",
    xdr("string url host referer useragent user; u32 status"),
  ),
  structure(2100, "extended_socket_ipv4", NAMES.socket_ipv4),
  structure(2101, "extended_socket_ipv6", NAMES.socket_ipv6),
  structure(2102, "extended_proxy_socket_ipv4", fields("socket_ipv4 socket")),
  structure(2103, "extended_proxy_socket_ipv6", fields("socket_ipv6 socket")),
  structure(
    2200,
    "memcache_operation",
    xdr("u32 protocol cmd; string key; u32 nkeys value_bytes uS status"),
  ),
  structure(
    2201,
    "http_request (deprecated)",
    xdr(
      "u32 method; string uri host referer useragent xff authuser mime_type; " +
        "u64 req_bytes resp_bytes; u32 uS; i32 status",
    ),
  ),
  structure(
    2202,
    "app_operation",
    fields("context context; string status_descr; u64 req_bytes resp_bytes; u32 uS status"),
  ),
  structure(2203, "app_parent_context", fields("context context")),
  structure(2204, "app_initiator", xdr("string actor")),
  structure(2205, "app_target", xdr("string actor")),
  structure(
    2206,
    "http_request",
    xdr(
      "u32 method protocol; string uri host referer useragent xff authuser mime-type; " +
        "u64 req_bytes resp_bytes; u32 uS; i32 status",
    ),
  ),
  structure(2207, "extended_proxy_request", xdr("string uri host")),
  structure(
    2208,
    "extended_nav_timing",
    xdr(
      "u32 type redirectCount navigationStart unloadEventStart unloadEventEnd redirectStart " +
        "redirectEnd fetchStart domainLookupStart domainLookupEnd connectStart connectEnd " +
        "secureConnectionStart requestStart responseStart responseEnd domLoading domInteractive " +
        "domContentLoadedEventStart domContentLoadedEventEnd domComplete loadEventStart loadEventEnd",
    ),
  ),
  structure(
    2209,
    "extended_tcp_info",
    xdr(
      "u32 dir snd_mss rcv_mss unacked lost retrans pmtu rtt rttvar snd_cwnd reordering min_rtt",
    ),
  ),
  structure(2210, "extended_entities", fields("data_source src_ds dst_ds")),
  structure([4413, 1], "extended_bst_egress_queue", xdr("u32 queue")),
];

/** The structures of flow samples by their data formats. */
export const FLOW_STRUCTURE_BY_FORMAT: ReadonlyMap<number, SflowStructure> = byDataFormat(
  FLOW_STRUCTURES,
);
