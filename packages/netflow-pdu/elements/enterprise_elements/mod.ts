import type { ElementTable } from "../element.ts";
import { ANTREA_ELEMENTS } from "./antrea.ts";
import { BARRACUDA_ELEMENTS } from "./barracuda.ts";
import { CACE_ELEMENTS } from "./cace.ts";
import { CERT_ELEMENTS } from "./cert.ts";
import { CESNET_ELEMENTS } from "./cesnet.ts";
import { CISCO_ELEMENTS } from "./cisco.ts";
import { F5_ELEMENTS } from "./f5.ts";
import { FASTIP_ELEMENTS } from "./fastip.ts";
import { FLOWMON_ELEMENTS } from "./flowmon.ts";
import { GIGAMON_ELEMENTS } from "./gigamon.ts";
import { HUAWEI_ELEMENTS } from "./huawei.ts";
import { IXIA_ELEMENTS } from "./ixia.ts";
import { JUNIPER_ELEMENTS } from "./juniper.ts";
import { MASARYK_ELEMENTS } from "./masaryk.ts";
import { NETFILTER_ELEMENTS } from "./netfilter.ts";
import { NETGAUZE_ELEMENTS } from "./netgauze.ts";
import { NETSCALER_ELEMENTS } from "./netscaler.ts";
import { NIAGARA_NETWORKS_ELEMENTS } from "./niagara_networks.ts";
import { NOKIA_ELEMENTS } from "./nokia.ts";
import { NTOP_ELEMENTS } from "./ntop.ts";
import { PLIXER_ELEMENTS } from "./plixer.ts";
import { PLURIBUS_ELEMENTS } from "./pluribus.ts";
import { PMACCT_ELEMENTS } from "./pmacct.ts";
import { PROCERA_ELEMENTS } from "./procera.ts";
import { SONICWALL_ELEMENTS } from "./sonicwall.ts";
import { SOPHOS_ELEMENTS } from "./sophos.ts";
import { VELOCLOUD_ELEMENTS } from "./velocloud.ts";
import { VIPTELA_ELEMENTS } from "./viptela.ts";
import { VMWARE_ELEMENTS } from "./vmware.ts";

/**
 * The elements of enterprises other than IANA, as far as public sources know them, in the order of
 * the enterprise numbers.
 */
export const ENTERPRISE_TABLES: readonly ElementTable[] = [
  CISCO_ELEMENTS,
  NOKIA_ELEMENTS,
  HUAWEI_ELEMENTS,
  JUNIPER_ELEMENTS,
  IXIA_ELEMENTS,
  NETGAUZE_ELEMENTS,
  NETSCALER_ELEMENTS,
  CERT_ELEMENTS,
  VMWARE_ELEMENTS,
  CESNET_ELEMENTS,
  FASTIP_ELEMENTS,
  SONICWALL_ELEMENTS,
  SOPHOS_ELEMENTS,
  BARRACUDA_ELEMENTS,
  F5_ELEMENTS,
  PLIXER_ELEMENTS,
  PROCERA_ELEMENTS,
  MASARYK_ELEMENTS,
  NETFILTER_ELEMENTS,
  GIGAMON_ELEMENTS,
  CACE_ELEMENTS,
  NTOP_ELEMENTS,
  FLOWMON_ELEMENTS,
  VIPTELA_ELEMENTS,
  PMACCT_ELEMENTS,
  VELOCLOUD_ELEMENTS,
  PLURIBUS_ELEMENTS,
  NIAGARA_NETWORKS_ELEMENTS,
  ANTREA_ELEMENTS,
];
