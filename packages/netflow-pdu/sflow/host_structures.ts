import { type SflowStructure, structure } from "./structure.ts";
import { xdr, type XdrField } from "./xdr.ts";

const HOST_ADAPTER = xdr("u32 ifIndex; mac[] mac_address");

const fields = (text: string): readonly XdrField[] => xdr(text, { host_adapter: HOST_ADAPTER });

/**
 * What counter samples may hold of servers, virtual machines and what runs on them.
 *
 * Source: sFlow Host, Host TCP/IP, Java Virtual Machine and Memcached Structures; 2205 as sflowtool
 * reads it.
 */
export const HOST_STRUCTURES: readonly SflowStructure[] = [
  structure(
    2000,
    "host_descr",
    fields(
      "string hostname; octets16 uuid; u32 machine_type os_name; string os_release",
    ),
  ),
  structure(2001, "host_adapters", fields("host_adapter[] adapters")),
  structure(2002, "host_parent", fields("u32 container_type container_index")),
  structure(
    2003,
    "host_cpu",
    fields(
      "float load_one load_five load_fifteen; u32 proc_run proc_total cpu_num cpu_speed " +
        "uptime cpu_user cpu_nice cpu_system cpu_idle cpu_wio cpu_intr cpu_sintr interrupts " +
        "contexts",
    ),
  ),
  structure(
    2004,
    "host_memory",
    fields(
      "u64 mem_total mem_free mem_shared mem_buffers mem_cached swap_total swap_free; u32 " +
        "page_in page_out swap_in swap_out",
    ),
  ),
  structure(
    2005,
    "host_disk_io",
    fields(
      "u64 disk_total disk_free; i32 part_max_used; u32 reads; u64 bytes_read; u32 " +
        "read_time writes; u64 bytes_written; u32 write_time",
    ),
  ),
  structure(
    2006,
    "host_net_io",
    fields(
      "u64 bytes_in; u32 pkts_in errs_in drops_in; u64 bytes_out; u32 packets_out errs_out " +
        "drops_out",
    ),
  ),
  structure(
    2007,
    "mib2_ip_group",
    fields(
      "u32 ipForwarding ipDefaultTTL ipInReceives ipInHdrErrors ipInAddrErrors " +
        "ipForwDatagrams ipInUnknownProtos ipInDiscards ipInDelivers ipOutRequests " +
        "ipOutDiscards ipOutNoRoutes ipReasmTimeout ipReasmReqds ipReasmOKs ipReasmFails " +
        "ipFragOKs ipFragFails ipFragCreates",
    ),
  ),
  structure(
    2008,
    "mib2_icmp_group",
    fields(
      "u32 icmpInMsgs icmpInErrors icmpInDestUnreachs icmpInTimeExcds icmpInParamProbs " +
        "icmpInSrcQuenchs icmpInRedirects icmpInEchos icmpInEchoReps icmpInTimestamps " +
        "icmpInAddrMasks icmpInAddrMaskReps icmpOutMsgs icmpOutErrors icmpOutDestUnreachs " +
        "icmpOutTimeExcds icmpOutParamProbs icmpOutSrcQuenchs icmpOutRedirects icmpOutEchos " +
        "icmpOutEchoReps icmpOutTimestamps icmpOutTimestampReps icmpOutAddrMasks " +
        "icmpOutAddrMaskReps",
    ),
  ),
  structure(
    2009,
    "mib2_tcp_group",
    fields(
      "u32 tcpRtoAlgorithm tcpRtoMin tcpRtoMax tcpMaxConn tcpActiveOpens tcpPassiveOpens " +
        "tcpAttemptFails tcpEstabResets tcpCurrEstab tcpInSegs tcpOutSegs tcpRetransSegs " +
        "tcpInErrs tcpOutRsts tcpInCsumErrs",
    ),
  ),
  structure(
    2010,
    "mib2_udp_group",
    fields(
      "u32 udpInDatagrams udpNoPorts udpInErrors udpOutDatagrams udpRcvbufErrors " +
        "udpSndbufErrors udpInCsumErrors",
    ),
  ),
  structure(2100, "virt_node", fields("u32 mhz cpus; u64 memory memory_free; u32 num_domains")),
  structure(2101, "virt_cpu", fields("u32 state cpuTime nrVirtCpu")),
  structure(2102, "virt_memory", fields("u64 memory maxMemory")),
  structure(
    2103,
    "virt_disk_io",
    fields(
      "u64 capacity allocation physical; u32 rd_req; u64 rd_bytes; u32 wr_req; u64 " +
        "wr_bytes; u32 errs",
    ),
  ),
  structure(
    2104,
    "virt_net_io",
    fields(
      "u64 rx_bytes; u32 rx_packets rx_errs rx_drop; u64 tx_bytes; u32 tx_packets tx_errs " +
        "tx_drop",
    ),
  ),
  structure(2105, "jvm_runtime", fields("string vm_name vm_vendor vm_version")),
  structure(
    2106,
    "jvm_statistics",
    fields(
      "u64 heap_initial heap_used heap_committed heap_max non_heap_initial non_heap_used " +
        "non_heap_committed non_heap_max; u32 gc_count gc_time classes_loaded classes_total " +
        "classes_unloaded compilation_time thread_num_live thread_num_daemon " +
        "thread_num_started fd_open_count fd_max_count",
    ),
  ),
  structure(
    2200,
    "memcached_counters",
    fields(
      "u32 uptime rusage_user rusage_system curr_connections total_connections " +
        "connection_structures cmd_get cmd_set cmd_flush get_hits get_misses delete_misses " +
        "delete_hits incr_misses incr_hits decr_misses decr_hits cas_misses cas_hits " +
        "cas_badval auth_cmds auth_errors; u64 bytes_read bytes_written; u32 limit_maxbytes " +
        "accepting_conns listen_disabled_num threads conn_yields; u64 bytes; u32 curr_items " +
        "total_items evictions",
    ),
  ),
  structure(
    2204,
    "memcache_counters",
    fields(
      "u32 cmd_set cmd_touch cmd_flush get_hits get_misses delete_hits delete_misses " +
        "incr_hits incr_misses decr_hits decr_misses cas_hits cas_misses cas_badval auth_cmds " +
        "auth_errors threads conn_yields listen_disabled_num curr_connections " +
        "rejected_connections total_connections connection_structures evictions reclaimed " +
        "curr_items total_items; u64 bytes_read bytes_written bytes limit_maxbytes",
    ),
  ),
  structure(
    2205,
    "vdi_counters",
    fields(
      "u32 sessions_current sessions_total sessions_duration rx_bytes tx_bytes rx_packets " +
        "tx_packets rx_packets_lost tx_packets_lost rtt_min_ms rtt_max_ms rtt_avg_ms " +
        "audio_rx_bytes audio_tx_bytes audio_tx_limit img_rx_bytes img_tx_bytes img_frames " +
        "img_qual_min img_qual_max img_qual_avg usb_rx_bytes usb_tx_bytes",
    ),
  ),
];
