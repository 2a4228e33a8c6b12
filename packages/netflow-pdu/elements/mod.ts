/** Information elements: what fields of NetFlow v9 and IPFIX are called and how they are read. */
export * from "./element.ts";
export { ENTERPRISE_TABLES } from "./enterprise_elements/mod.ts";
export * from "./iana_elements.ts";
export * from "./netflow9_elements.ts";
export * from "./parse_element_table.ts";
export * from "./registry.ts";
export * from "./value.ts";
export * from "./write_value.ts";
