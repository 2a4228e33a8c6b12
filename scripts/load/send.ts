/**
 * Sends NetFlow to a collector, as fast as it goes or at a rate, and prints what it really sent.
 *
 *     deno run -A scripts/load/send.ts --packets 300000 127.0.0.1:9991
 *     deno run -A scripts/load/send.ts --packets 100000 --exporters 1000 --versions mixed \
 *       --malformed 5 --rate 20000 127.0.0.1:9991
 *
 * @module
 */
import { type Flag, parseFlags, UsageError } from "@flowtools/common/flags";
import { parseListener } from "../../apps/collector/sources/listeners.ts";
import { sendLoad } from "./generator.ts";

const EXPORTERS_MAX = 10_000;
const VERSIONS = ["v5", "mixed", "ipfix"] as const;

const FLAGS: readonly Flag[] = [
  { name: "packets", value: "N", range: [1, 1e9], doc: "Packets to send (default: 100000)" },
  { name: "rate", value: "N", range: [0, 1e7], doc: "Packets a second (default: 0, no limit)" },
  { name: "exporters", value: "N", range: [1, EXPORTERS_MAX], doc: "Exporters (default: 1)" },
  { name: "versions", value: "V", choices: VERSIONS, doc: "v5 (default), mixed or ipfix" },
  { name: "malformed", value: "PERCENT", range: [0, 100], doc: "Share with a fault (default: 0)" },
];

if (import.meta.main) {
  try {
    const args = parseFlags(Deno.args, FLAGS);
    if (args.operands.length !== 1) throw new UsageError("expected one HOST:PORT");
    const { address, port } = parseListener(args.operands[0]);
    const report = sendLoad({
      packets: args.number("packets") ?? 100_000,
      rate: args.number("rate") ?? 0,
      exporters: args.number("exporters") ?? 1,
      versions: VERSIONS.find((known) => known === args.value("versions")) ?? "v5",
      malformedPercent: args.number("malformed") ?? 0,
      host: address ?? "127.0.0.1",
      port,
    });
    console.log(JSON.stringify(report));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`send: ${error.message}`);
    Deno.exit(2);
  }
}
