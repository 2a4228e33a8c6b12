import { assertEquals } from "@std/assert";
import { CompressionPace } from "./compression_pace.ts";

const MIB = 2 ** 20;
const QUEUE = 256 * MIB;

/** A pace, and the changes that it told. */
function paceOf(level: number): { pace: CompressionPace; changes: string[] } {
  const changes: string[] = [];
  const pace = new CompressionPace(level, QUEUE, (from, to) => changes.push(`${from} to ${to}`));
  return { pace, changes };
}

Deno.test("CompressionPace goes down with what waits: to 1, and to 0", () => {
  const { pace, changes } = paceOf(6);
  pace.deflated(16);
  pace.hurry(16 * MIB - 1);
  assertEquals([pace.level, pace.eased], [6, false]);
  pace.hurry(16 * MIB);
  assertEquals([pace.level, pace.eased], [1, true]);
  for (let piece = 0; piece < 31; piece++) pace.deflated(4);
  // That much can be one burst: level 1 gets some time to work it off.
  pace.hurry(64 * MIB);
  pace.deflated(4);
  pace.hurry(64 * MIB - 1);
  assertEquals(pace.level, 1);
  pace.hurry(64 * MIB);
  pace.hurry(QUEUE);
  assertEquals([pace.level, changes], [0, ["6 to 1", "1 to 0"]]);
});

Deno.test("CompressionPace makes all haste where half the queue is full", () => {
  const { pace, changes } = paceOf(6);
  pace.deflated(16);
  pace.hurry(QUEUE / 2 - 1);
  pace.deflated(4);
  pace.hurry(QUEUE / 2 - 1);
  assertEquals(changes, ["6 to 1"]);
  pace.hurry(QUEUE / 2);
  assertEquals(changes, ["6 to 1", "1 to 0"]);
});

Deno.test("CompressionPace of level 1 goes to 0 only, of level 0 nowhere", () => {
  const one = paceOf(1);
  one.pace.deflated(4);
  one.pace.hurry(64 * MIB);
  assertEquals(one.changes, ["1 to 0"]);
  const none = paceOf(0);
  none.pace.deflated(1);
  none.pace.hurry(QUEUE);
  assertEquals([none.pace.level, none.changes], [0, []]);
});

Deno.test("CompressionPace stays where the disk is what is slow", () => {
  const { pace, changes } = paceOf(6);
  pace.deflated(16);
  pace.wrote(100);
  pace.hurry(QUEUE);
  assertEquals(changes, []);
  // What the disk took counts less and less.
  for (let piece = 0; piece < 20; piece++) pace.deflated(16);
  pace.hurry(QUEUE);
  assertEquals(changes, ["6 to 1"]);
});

/** Lets seconds pass in which so much waits. */
function pass(pace: CompressionPace, seconds: number, waitingBytes: number = 0): void {
  for (let second = 0; second < seconds; second++) pace.tick(waitingBytes);
}

/** Makes it go down a step. */
function press(pace: CompressionPace): void {
  pace.deflated(16);
  pace.hurry(QUEUE);
}

Deno.test("CompressionPace goes back when little has waited for a while, step by step", () => {
  const { pace, changes } = paceOf(6);
  pass(pace, 100);
  press(pace);
  press(pace);
  pass(pace, 4);
  // Much waits for a moment: it begins anew.
  pass(pace, 1, 5 * MIB);
  pass(pace, 4);
  assertEquals([pace.level, changes.length], [0, 2]);
  // The step to level 1 had not lasted: 10 quiet seconds.
  pass(pace, 6, 4 * MIB);
  assertEquals(changes, ["6 to 1", "1 to 0", "0 to 1"]);
  pass(pace, 4);
  assertEquals(pace.level, 1);
  pass(pace, 1);
  assertEquals(pace.level, 6);
});

Deno.test("CompressionPace waits twice as long each time that it went back too early", () => {
  const { pace } = paceOf(6);
  pass(pace, 100);
  const pauses: number[] = [];
  for (let turn = 0; turn < 9; turn++) {
    press(pace);
    let seconds = 0;
    for (; pace.eased; seconds++) pass(pace, 1);
    pauses.push(seconds);
  }
  assertEquals(pauses, [5, 10, 20, 40, 80, 160, 320, 320, 320]);
  // A minute without trouble, and all is forgotten.
  pass(pace, 60);
  press(pace);
  pass(pace, 5);
  assertEquals(pace.level, 6);
});
