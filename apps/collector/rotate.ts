const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** The offset of local time from UTC at a moment, minutes, positive east of Greenwich. */
export function utcOffsetMinutes(time: Date): number {
  // `|| 0` turns -0 into 0.
  return -time.getTimezoneOffset() || 0;
}

/**
 * When the file that is open at a moment ends: the rotations of a day are aligned to local
 * midnight.
 *
 * @param now The moment, Unix ms
 * @param rotations Files a day beyond the first
 * @returns Unix ms
 */
export function nextRotation(now: number, rotations: number): number {
  const periodMs = Math.floor(86_400 / (rotations + 1)) * 1000;
  const local = now + utcOffsetMinutes(new Date(now)) * MINUTE_MS;
  const midnight = Math.floor(local / DAY_MS) * DAY_MS;
  const ended = Math.floor((local - midnight) / periodMs) + 1;
  // The last period of a day takes what the division left over.
  const end = ended >= rotations + 1 ? DAY_MS : ended * periodMs;
  return now + (midnight + end - local);
}
