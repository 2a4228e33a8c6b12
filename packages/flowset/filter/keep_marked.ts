/** Keeps the rows with a mark, without branching on it: half of the guesses would be wrong. */
export function keepMarked(
  rows: Uint32Array,
  count: number,
  marks: Uint8Array,
  mark: 0 | 1,
  kept: Uint32Array,
): number {
  let length = 0;
  for (let i = 0; i < count; i++) {
    const row = rows[i];
    kept[length] = row;
    length += Number(marks[row] === mark);
  }
  return length;
}
