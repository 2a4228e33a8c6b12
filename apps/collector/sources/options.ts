import type { Flag, ParsedArguments } from "@flowtools/common/flags";
import { UsageError } from "@flowtools/common/flags";
import { parseSize } from "@flowtools/common/parse_size";
import { AllowList } from "../allow_list.ts";
import { type Listener, LISTENER_DEFAULT, parseListener } from "./listeners.ts";

/** How datagrams can be received. */
export type SourceKind = "auto" | "portable" | "recvmmsg";

/** Where datagrams come from, as the options say. */
export interface SourceSettings {
  /** Where to listen; not used where a capture is read. */
  readonly listeners: readonly Listener[];
  /** How to listen. */
  readonly kind: SourceKind;
  /** The packet capture to read instead of listening. */
  readonly capture: string | undefined;
  /** Bytes of datagrams that the kernel may hold for each listener. */
  readonly receiveBuffer: number;
  /** Whether other processes may listen on the same ports and share the datagrams. */
  readonly reusePort: boolean;
  /** Who is let in. */
  readonly allow: AllowList;
}

/**
 * Rides out half a second of 250,000 packets/s, such as when other programs have the CPU. It takes
 * memory only while datagrams wait.
 */
const RECEIVE_BUFFER_DEFAULT = "128M";

/** The kernel counts the buffer with a sign, and doubles it. */
const RECEIVE_BUFFER_MAX = 2 ** 30 - 1;

const KINDS: readonly string[] = ["auto", "portable", "recvmmsg"] satisfies SourceKind[];

/** The flags of the sources; the listeners are the operands. */
export const SOURCE_OPTIONS: readonly Flag[] = [
  {
    name: "source",
    value: "KIND|FILE",
    doc: "How to receive: auto, portable, recvmmsg (Linux), or a packet capture or IPFIX file to " +
      "read",
  },
  {
    name: "receive-buffer",
    value: "SIZE",
    doc: `Kernel's receive buffer of each listener (default: ${RECEIVE_BUFFER_DEFAULT})`,
  },
  {
    name: "reuse-port",
    doc: "Share the ports with other collectors; the kernel spreads the exporters over them",
  },
  {
    name: "allow",
    value: "CIDR",
    repeated: true,
    doc: "Take only exporters of this network; may be given several times",
  },
];

/**
 * The packet capture that is to be read instead of listening.
 *
 * @returns Its name; `undefined` where there is none
 */
export function captureFile(args: ParsedArguments): string | undefined {
  const source = args.value("source");
  return source === undefined || KINDS.includes(source) ? undefined : source;
}

/**
 * Reads the options of the sources.
 *
 * @param args The arguments; the operands are the listeners
 * @param operands The listeners, where they are not all operands
 * @returns The settings
 * @throws {UsageError} A value is wrong
 */
export function readSourceSettings(
  args: ParsedArguments,
  operands: readonly string[] = args.operands,
): SourceSettings {
  const capture = captureFile(args);
  const source = args.value("source") ?? "auto";
  const receiveBuffer = parseSize(
    "receive-buffer",
    args.value("receive-buffer") ?? RECEIVE_BUFFER_DEFAULT,
  );
  if (receiveBuffer < 1 || receiveBuffer > RECEIVE_BUFFER_MAX) {
    throw new UsageError(
      `--receive-buffer is ${receiveBuffer} bytes, expected 1 to ${RECEIVE_BUFFER_MAX}`,
    );
  }
  if (capture !== undefined && operands.length > 0) {
    throw new UsageError(
      `--source is a file, "${capture}": listener "${operands[0]}" has no use beside it`,
    );
  }
  return {
    listeners: (operands.length === 0 ? [LISTENER_DEFAULT] : operands).map(parseListener),
    kind: capture === undefined ? source as SourceKind : "auto",
    capture,
    receiveBuffer,
    reusePort: args.on("reuse-port"),
    allow: new AllowList(args.values("allow")),
  };
}
