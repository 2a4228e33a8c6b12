/**
 * Keeps the rows whose mark, 0 or 1, is this one, without branching on it: half of the guesses would
 * be wrong.
 */
export function keepMarked(
  rows: Uint32Array,
  count: number,
  marks: Uint8Array,
  mark: 0 | 1,
  kept: Uint32Array,
): number {
  // As a number, which costs half as much as to compare.
  const other = mark ^ 1;
  let length = 0;
  for (let i = 0; i < count; i++) {
    const row = rows[i];
    kept[length] = row;
    length += marks[row] ^ other;
  }
  return length;
}
