/** Bits that say what is known of a sampled packet. */
export const KNOWN = {
  ip: 1,
  ports: 2,
  tcp: 4,
  router: 8,
  gateway: 16,
  link: 32,
  tag: 64,
  switch: 128,
  mpls: 256,
  nat: 512,
  natPort: 1024,
  discarded: 2048,
  /** The facts of IP are from the octets of its header, not what an agent made of them. */
  header: 4096,
} as const;

/** An address somewhere in the view. */
export interface PlacedAddress {
  /** 4 or 6; 0 for none. */
  family: number;
  /** Where it starts. */
  at: number;
}
