/**
 * An unsigned number as it lies in a record.
 *
 * @param view Octets that hold it
 * @param offset Where it starts
 * @param length Its octets, up to 8
 * @returns The number; above 2^53 - 1 it is rounded, and what has more octets is 0
 */
export function readNumber(view: DataView, offset: number, length: number): number {
  switch (length) {
    case 1:
      return view.getUint8(offset);
    case 2:
      return view.getUint16(offset);
    case 4:
      return view.getUint32(offset);
    case 8:
      return view.getUint32(offset) * 2 ** 32 + view.getUint32(offset + 4);
  }
  if (length > 8) return 0;
  let value = 0;
  for (let i = 0; i < length; i++) value = value * 256 + view.getUint8(offset + i);
  return value;
}
