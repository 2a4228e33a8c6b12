import { assertEquals } from "@std/assert";
import { nextRotation, utcOffsetMinutes } from "./rotate.ts";

/** Runs with another time zone; the process has one for all. */
function inZone(zone: string, work: () => void): void {
  const before = Deno.env.get("TZ");
  Deno.env.set("TZ", zone);
  try {
    work();
  } finally {
    if (before === undefined) Deno.env.delete("TZ");
    else Deno.env.set("TZ", before);
  }
}

function next(now: string, rotations: number): string {
  return new Date(nextRotation(Date.parse(now), rotations)).toISOString();
}

Deno.test("utcOffsetMinutes() is positive east of Greenwich", () => {
  const time = new Date("2023-11-14T22:13:20Z");
  inZone("UTC", () => assertEquals(utcOffsetMinutes(time), 0));
  inZone("Asia/Kolkata", () => assertEquals(utcOffsetMinutes(time), 330));
  inZone("America/Phoenix", () => assertEquals(utcOffsetMinutes(time), -420));
});

Deno.test("nextRotation() is aligned to midnight", () => {
  inZone("UTC", () => {
    assertEquals(next("2023-11-14T22:13:20Z", 95), "2023-11-14T22:15:00.000Z");
    assertEquals(next("2023-11-14T22:13:20Z", 287), "2023-11-14T22:15:00.000Z");
    assertEquals(next("2023-11-14T22:13:20Z", 23), "2023-11-14T23:00:00.000Z");
    assertEquals(next("2023-11-14T22:13:20Z", 1439), "2023-11-14T22:14:00.000Z");
    assertEquals(next("2023-11-14T00:00:00Z", 1), "2023-11-14T12:00:00.000Z");
  });
});

Deno.test("nextRotation() of no rotations is the next midnight", () => {
  inZone("UTC", () => {
    assertEquals(next("2023-11-14T00:00:00Z", 0), "2023-11-15T00:00:00.000Z");
    assertEquals(next("2023-12-31T23:59:59.999Z", 0), "2024-01-01T00:00:00.000Z");
  });
});

Deno.test("nextRotation() is always later, also at the moment of a rotation", () => {
  inZone("UTC", () => {
    assertEquals(next("2023-11-14T22:15:00.000Z", 95), "2023-11-14T22:30:00.000Z");
    assertEquals(next("2023-11-14T22:14:59.999Z", 95), "2023-11-14T22:15:00.000Z");
    assertEquals(next("2023-11-14T23:59:59.999Z", 95), "2023-11-15T00:00:00.000Z");
  });
});

Deno.test("nextRotation() gives the last period what the division left over", () => {
  inZone("UTC", () => {
    // 86400 / 7 is 12342 and a rest of 6 seconds.
    assertEquals(next("2023-11-14T00:00:01Z", 6), "2023-11-14T03:25:42.000Z");
    assertEquals(next("2023-11-14T20:34:11Z", 6), "2023-11-14T20:34:12.000Z");
    assertEquals(next("2023-11-14T20:34:12Z", 6), "2023-11-15T00:00:00.000Z");
    assertEquals(next("2023-11-14T23:59:55Z", 6), "2023-11-15T00:00:00.000Z");
  });
});

Deno.test("nextRotation() cuts a day into rotations + 1 periods", () => {
  inZone("UTC", () => {
    for (const rotations of [0, 1, 6, 95, 287, 1000, 1439]) {
      const start = Date.parse("2023-11-14T00:00:00Z");
      let files = 0;
      for (let at = start; at < start + 86_400_000; files++) at = nextRotation(at, rotations);
      assertEquals(files, rotations + 1, `${rotations} rotations`);
    }
  });
});

Deno.test("nextRotation() goes by local midnight", () => {
  inZone("Asia/Kolkata", () => {
    // 22:13:20 UTC is 03:43:20 of the next day.
    assertEquals(next("2023-11-14T22:13:20Z", 0), "2023-11-15T18:30:00.000Z");
    assertEquals(next("2023-11-14T22:13:20Z", 23), "2023-11-14T22:30:00.000Z");
    assertEquals(next("2023-11-14T18:29:59Z", 6), "2023-11-14T18:30:00.000Z");
  });
  inZone("America/Phoenix", () => {
    assertEquals(next("2023-11-15T03:13:20Z", 0), "2023-11-15T07:00:00.000Z");
    assertEquals(next("2023-11-15T07:00:00Z", 1), "2023-11-15T19:00:00.000Z");
  });
});
