import { DATA_SET_MIN, SET_NUMBERS } from "./read_templates.ts";

/** What is wrong with a set. */
export interface SetFault {
  readonly reason:
    | "bad-set"
    | "bad-template"
    | "template-limit"
    | "bad-record"
    | "unknown-template"
    | "no-room";
  /** Where, in the view. */
  readonly offset: number;
  readonly expected: number;
  readonly got: number;
}

/** What takes the sets of a packet, in wire order. */
export interface SetReceiver {
  /** Templates; returns what is wrong with them. */
  templates(options: boolean, from: number, to: number): SetFault | undefined;
  /** Records; returns what is wrong with them. */
  data(id: number, from: number, to: number): SetFault | undefined;
}

/** Octets of the head of a set: number and length. */
const SET_HEAD = 4;

/**
 * Walks over the sets of a packet. It goes on behind a set whose content is wrong, and stops where
 * the length of one is.
 *
 * Source: RFC 3954 section 5, RFC 7011 section 3.3.
 *
 * @param version Export version
 * @param view Octets that hold the packet
 * @param from Where the first set starts
 * @param to Where the packet ends
 * @param receiver What takes the sets
 * @returns The first thing that is wrong; of several, one that hides records counts
 */
export function walkSets(
  version: 9 | 10,
  view: DataView,
  from: number,
  to: number,
  receiver: SetReceiver,
): SetFault | undefined {
  const numbers = SET_NUMBERS[version];
  let fault: SetFault | undefined;
  let offset = from;
  while (offset < to) {
    if (to - offset < SET_HEAD) {
      // Less than a head is padding, of which exporters of NetFlow v9 send some.
      return fault;
    }
    const id = view.getUint16(offset);
    const length = view.getUint16(offset + 2);
    if (id === 0 && length === 0 && isZero(view, offset, to)) return fault;
    if (length < SET_HEAD) {
      return worse(fault, badSet(offset, SET_HEAD, length));
    }
    const start = offset + SET_HEAD;
    // What is whole in a set that goes on behind the end is taken.
    const end = Math.min(offset + length, to);
    if (offset + length > to) fault = worse(fault, badSet(offset, to - offset, length));
    const found = id >= DATA_SET_MIN
      ? receiver.data(id, start, end)
      : id === numbers.template || id === numbers.options
      ? receiver.templates(id === numbers.options, start, end)
      : badSet(offset, DATA_SET_MIN, id);
    fault = worse(fault, found);
    offset = end;
  }
  return fault;
}

function badSet(offset: number, expected: number, got: number): SetFault {
  return { reason: "bad-set", offset, expected, got };
}

/** The fault that counts: the first, unless the other hides how many records there were. */
function worse(first: SetFault | undefined, second: SetFault | undefined): SetFault | undefined {
  if (first === undefined || second === undefined) return first ?? second;
  return hidesRecords(second.reason) && !hidesRecords(first.reason) ? second : first;
}

/**
 * Whether nobody knows, behind a fault, how many records there were.
 *
 * @param reason The fault
 */
export function hidesRecords(reason: SetFault["reason"]): boolean {
  return reason === "bad-set" || reason === "bad-record";
}

function isZero(view: DataView, from: number, to: number): boolean {
  for (let offset = from; offset < to; offset++) if (view.getUint8(offset) !== 0) return false;
  return true;
}
