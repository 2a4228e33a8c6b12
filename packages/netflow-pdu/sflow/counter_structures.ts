import { HOST_STRUCTURES } from "./host_structures.ts";
import { byDataFormat, type SflowStructure, structure } from "./structure.ts";
import { xdr, type XdrField } from "./xdr.ts";

const LANE = xdr(
  "u32 index tx_bias_current tx_power tx_power_min tx_power_max tx_wavelength rx_power " +
    "rx_power_min rx_power_max rx_wavelength",
);

const fields = (text: string): readonly XdrField[] => xdr(text, { lane: LANE });

/**
 * What counter samples may hold of interfaces, devices and applications.
 *
 * Source: sFlow Version 5, and the extensions that the registry of structure numbers at sflow.org
 * lists: 802.11, LAG, InfiniBand, Optical Interface, OpenFlow, HTTP, Application, Host NVML and
 * Broadcom structures; 8, 11, 2207 and 3000 to 3003 as switches and hsflowd send them.
 */
const INTERFACE_STRUCTURES: readonly SflowStructure[] = [
  structure(
    1,
    "if_counters",
    fields(
      "u32 ifIndex ifType; u64 ifSpeed; u32 ifDirection ifStatus; u64 ifInOctets; u32 " +
        "ifInUcastPkts ifInMulticastPkts ifInBroadcastPkts ifInDiscards ifInErrors " +
        "ifInUnknownProtos; u64 ifOutOctets; u32 ifOutUcastPkts ifOutMulticastPkts " +
        "ifOutBroadcastPkts ifOutDiscards ifOutErrors ifPromiscuousMode",
    ),
  ),
  structure(
    2,
    "ethernet_counters",
    fields(
      "u32 dot3StatsAlignmentErrors dot3StatsFCSErrors dot3StatsSingleCollisionFrames " +
        "dot3StatsMultipleCollisionFrames dot3StatsSQETestErrors " +
        "dot3StatsDeferredTransmissions dot3StatsLateCollisions dot3StatsExcessiveCollisions " +
        "dot3StatsInternalMacTransmitErrors dot3StatsCarrierSenseErrors " +
        "dot3StatsFrameTooLongs dot3StatsInternalMacReceiveErrors dot3StatsSymbolErrors",
    ),
  ),
  structure(
    3,
    "tokenring_counters",
    fields(
      "u32 dot5StatsLineErrors dot5StatsBurstErrors dot5StatsACErrors " +
        "dot5StatsAbortTransErrors dot5StatsInternalErrors dot5StatsLostFrameErrors " +
        "dot5StatsReceiveCongestions dot5StatsFrameCopiedErrors dot5StatsTokenErrors " +
        "dot5StatsSoftErrors dot5StatsHardErrors dot5StatsSignalLoss dot5StatsTransmitBeacons " +
        "dot5StatsRecoverys dot5StatsLobeWires dot5StatsRemoves dot5StatsSingles " +
        "dot5StatsFreqErrors",
    ),
  ),
  structure(
    4,
    "vg_counters",
    fields(
      "u32 dot12InHighPriorityFrames; u64 dot12InHighPriorityOctets; u32 " +
        "dot12InNormPriorityFrames; u64 dot12InNormPriorityOctets; u32 dot12InIPMErrors " +
        "dot12InOversizeFrameErrors dot12InDataErrors dot12InNullAddressedFrames " +
        "dot12OutHighPriorityFrames; u64 dot12OutHighPriorityOctets; u32 " +
        "dot12TransitionIntoTrainings; u64 dot12HCInHighPriorityOctets " +
        "dot12HCInNormPriorityOctets dot12HCOutHighPriorityOctets",
    ),
  ),
  structure(
    5,
    "vlan_counters",
    fields(
      "u32 vlan_id; u64 octets; u32 ucastPkts multicastPkts broadcastPkts discards",
    ),
  ),
  structure(
    6,
    "ieee80211_counters",
    fields(
      "u32 dot11TransmittedFragmentCount dot11MulticastTransmittedFrameCount " +
        "dot11FailedCount dot11RetryCount dot11MultipleRetryCount dot11FrameDuplicateCount " +
        "dot11RTSSuccessCount dot11RTSFailureCount dot11ACKFailureCount " +
        "dot11ReceivedFragmentCount dot11MulticastReceivedFrameCount dot11FCSErrorCount " +
        "dot11TransmittedFrameCount dot11WEPUndecryptableCount dot11QoSDiscardedFragmentCount " +
        "dot11AssociatedStationCount dot11QoSCFPollsReceivedCount dot11QoSCFPollsUnusedCount " +
        "dot11QoSCFPollsUnusableCount dot11QoSCFPollsLostCount",
    ),
  ),
  structure(
    7,
    "lag_port_stats",
    fields(
      "mac dot3adAggPortActorSystemID dot3adAggPortPartnerOperSystemID; u32 " +
        "dot3adAggPortAttachedAggID; octets4 dot3adAggPortState; u32 " +
        "dot3adAggPortStatsLACPDUsRx dot3adAggPortStatsMarkerPDUsRx " +
        "dot3adAggPortStatsMarkerResponsePDUsRx dot3adAggPortStatsUnknownRx " +
        "dot3adAggPortStatsIllegalRx dot3adAggPortStatsLACPDUsTx " +
        "dot3adAggPortStatsMarkerPDUsTx dot3adAggPortStatsMarkerResponsePDUsTx",
    ),
  ),
  structure(
    8,
    "slow_path_counts",
    fields("u32 unknown other cam_miss cam_full no_hw_support cntrl"),
  ),
  structure(
    9,
    "ib_counters",
    fields(
      "u64 PortXmitPkts PortRcvPkts; u32 SymbolErrorCounter LinkErrorRecoveryCounter " +
        "LinkDownedCounter PortRcvErrors PortRcvRemotePhysicalErrors PortRcvSwitchRelayErrors " +
        "PortXmitDiscards PortXmitConstraintErrors PortRcvConstraintErrors " +
        "LocalLinkIntegrityErrors ExcessiveBufferOverrunErrors VL15Dropped",
    ),
  ),
  structure(
    10,
    "sfp",
    fields(
      "u32 module_id module_num_lanes module_supply_voltage; i32 module_temperature; lane[] " +
        "lanes",
    ),
  ),
  structure(
    11,
    "pfc_counters",
    fields(
      "u32 requests indications pause_duration storm_detected storm_restored",
    ),
  ),
  structure(1001, "processor", fields("i32 5s_cpu 1m_cpu 5m_cpu; u64 total_memory free_memory")),
  structure(
    1002,
    "radio_utilization",
    fields(
      "u32 elapsed_time on_channel_time on_channel_busy_time",
    ),
  ),
  structure(
    1003,
    "queue_length",
    fields(
      "u32 queueIndex segmentSize queueSegments queueLength0 queueLength1 queueLength2 " +
        "queueLength4 queueLength8 queueLength32 queueLength128 queueLength1024 " +
        "queueLengthMore dropped",
    ),
  ),
  structure(1004, "of_port", fields("u64 datapath_id; u32 port_no")),
  structure(1005, "port_name", fields("string name")),
  structure(
    2201,
    "http_counters",
    fields(
      "u32 method_option_count method_get_count method_head_count method_post_count " +
        "method_put_count method_delete_count method_trace_count method_connect_count " +
        "method_other_count status_1XX_count status_2XX_count status_3XX_count " +
        "status_4XX_count status_5XX_count status_other_count",
    ),
  ),
  structure(
    2202,
    "app_operations",
    fields(
      "string application; u32 success other timeout internal_error bad_request forbidden " +
        "too_large not_implemented not_found unavailable unauthorized",
    ),
  ),
  structure(
    2203,
    "app_resources",
    fields(
      "u32 user_time system_time; u64 mem_used mem_max; u32 fd_open fd_max conn_open " +
        "conn_max",
    ),
  ),
  structure(
    2206,
    "app_workers",
    fields(
      "u32 workers_active workers_idle workers_max req_delayed req_dropped",
    ),
  ),
  structure(2207, "ovs_dp_stats", fields("u32 hits misses lost mask_hits flows masks")),
  structure(
    3000,
    "energy",
    fields(
      "u32 voltage current real_power; i32 power_factor; u32 energy errors",
    ),
  ),
  structure(3001, "temperature", fields("i32 minimum maximum; u32 errors")),
  structure(3002, "humidity", fields("i32 relative")),
  structure(3003, "fans", fields("u32 total failed speed")),
  structure([4413, 1], "bst_device_buffers", fields("i32 uc_pc mc_pc")),
  structure(
    [4413, 2],
    "bst_port_buffers",
    fields(
      "i32 ingress_uc_pc ingress_mc_pc egress_uc_pc egress_mc_pc; i32[] egress_queue_uc_pc " +
        "egress_queue_mc_pc",
    ),
  ),
  structure(
    [4413, 3],
    "hw_tables",
    fields(
      "u32 host_entries host_entries_max ipv4_entries ipv4_entries_max ipv6_entries " +
        "ipv6_entries_max ipv4_ipv6_entries ipv6_ipv6_entries_max long_ipv6_entries " +
        "long_ipv6_entries_max total_routes total_routes_max ecmp_nexthops ecmp_nexthops_max " +
        "mac_entries mac_entries_max ipv4_neighbors ipv6_neighbors ipv4_routes ipv6_routes " +
        "acl_ingress_entries acl_ingress_entries_max acl_ingress_counters " +
        "acl_ingress_counters_max acl_ingress_meters acl_ingress_meters_max " +
        "acl_ingress_slices acl_ingress_slices_max acl_egress_entries acl_egress_entries_max " +
        "acl_egress_counters acl_egress_counters_max acl_egress_meters acl_egress_meters_max " +
        "acl_egress_slices acl_egress_slices_max",
    ),
  ),
  structure(
    [5703, 1],
    "nvidia_gpu",
    fields(
      "u32 device_count processes gpu_time mem_time; u64 mem_total mem_free; u32 ecc_errors " +
        "energy temperature fan_speed",
    ),
  ),
];

/** The structures of counter samples by their data formats. */
export const COUNTER_STRUCTURE_BY_FORMAT: ReadonlyMap<number, SflowStructure> = byDataFormat([
  ...INTERFACE_STRUCTURES,
  ...HOST_STRUCTURES,
]);
