import type { Datagram, DatagramSource } from "./source.ts";

/**
 * Listens with `Deno.listenDatagram`: works everywhere, but the receive buffer is the system's
 * default, so bursts above some 20,000 packets a second are lost in the kernel.
 */
export function listenUdp(hostname: string, port: number): DatagramSource {
  const socket = Deno.listenDatagram({ transport: "udp", hostname, port });
  const bound = socket.addr as Deno.NetAddr;
  let open = true;
  return {
    name: `udp ${bound.hostname}:${bound.port}`,
    port: bound.port,
    close() {
      // A second signal finds it closed.
      if (open) socket.close();
      open = false;
    },
    async *[Symbol.asyncIterator](): AsyncGenerator<Datagram, void, undefined> {
      for await (const [payload, sender] of socket) {
        const { hostname: address, port } = sender as Deno.NetAddr;
        yield { payload, address, port };
      }
    },
  };
}
