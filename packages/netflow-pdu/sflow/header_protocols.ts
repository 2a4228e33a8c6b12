/** What a sampled header starts with: the numbers of the specification that can be taken apart. */
export const HEADER_PROTOCOL = {
  ethernet: 1,
  ppp: 7,
  aal5Ip: 10,
  ipv4: 11,
  ipv6: 12,
  mpls: 13,
  pos: 14,
} as const;
