const DAY_MS = 86_400_000;

/** The offset of local time from UTC at a moment, minutes, positive east of Greenwich. */
export function utcOffsetMinutes(time: Date): number {
  // `|| 0` turns -0 into 0.
  return -time.getTimezoneOffset() || 0;
}

/**
 * When the file that is open at a moment ends: periods are counted from local midnight, also on the
 * two days of a year that are longer or shorter.
 *
 * @param now The moment, Unix ms
 * @param rotations Files a day beyond the first
 * @returns Unix ms
 */
export function nextRotation(now: number, rotations: number): number {
  const periodMs = Math.floor(86_400 / (rotations + 1)) * 1000;
  const local = new Date(now);
  const [year, month, day] = [local.getFullYear(), local.getMonth(), local.getDate()];
  const midnight = new Date(year, month, day).getTime();
  const nextMidnight = new Date(year, month, day + 1).getTime();
  const ended = Math.floor((now - midnight) / periodMs) + 1;
  let end = midnight + ended * periodMs;
  // The last period of a day takes what the division left over.
  if (ended > rotations) end = Math.max(end, midnight + DAY_MS);
  return nextMidnight - end < periodMs ? nextMidnight : end;
}
