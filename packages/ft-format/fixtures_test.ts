import { FlowBatch } from "@flowtools/flow-model";
import { assert, assertEquals } from "@std/assert";
import { NATIVE_ZLIB } from "./deno.ts";
import {
  decodeFtHeader,
  encodeFtHeader,
  FT_FLAGS,
  FtStreamEncoder,
  PORTABLE_ZLIB,
  type RawTlv,
} from "./mod.ts";
import { clearReserved, cut, readChunks } from "./testdata/support.ts";

const FIXTURES = new URL("../../fixtures/", import.meta.url);

const IF_TYPES = [0x11, 0x12];

const names = [...Deno.readDirSync(new URL("ft/", FIXTURES))].map(({ name }) => name)
  .filter((name) => name.endsWith(".ft")).sort();

assert(names.length >= 70, `expected 70 fixtures at least, got ${names.length}`);

function load(name: string): Uint8Array<ArrayBuffer> {
  return Deno.readFileSync(new URL(`ft/${name}`, FIXTURES));
}

function expectedFlows(name: string): Record<string, unknown>[] {
  const [version] = name.replace(".ft", "").split("-");
  return JSON.parse(Deno.readTextFileSync(new URL(`ft-expected/${version}.json`, FIXTURES)));
}

for (const name of names) {
  Deno.test(`${name}: flows are those of pyflowtools`, () => {
    for (const zlib of [NATIVE_ZLIB, PORTABLE_ZLIB]) {
      const { flows, errors, header } = readChunks([load(name)], { zlib });
      assertEquals(errors, []);
      assertEquals(flows, expectedFlows(name));
      assertEquals(header?.flowCount, flows.length);
    }
  });

  Deno.test(`${name}: flows do not depend on the chunks`, () => {
    const expected = expectedFlows(name);
    for (const sizes of [[1], [7], [63, 65], [1000, 1, 300]]) {
      const { flows, errors } = readChunks(cut(load(name), sizes), { zlib: NATIVE_ZLIB });
      assertEquals(errors, []);
      assertEquals(flows, expected);
    }
  });

  Deno.test(`${name}: header is rewritten byte for byte but for repaired interface names`, () => {
    const bytes = load(name);
    const header = decodeFtHeader(bytes);
    const again = encodeFtHeader(header);
    assertEquals(again.length, header.size);
    const others = (tlvs: readonly RawTlv[]) => tlvs.filter(({ type }) => !IF_TYPES.includes(type));
    const decoded = decodeFtHeader(again);
    assertEquals(others(decoded.tlvs), others(header.tlvs));
    if (header.ifNames.length + header.ifAliases.length === 0) {
      assertEquals(again, bytes.slice(0, header.size));
    } else {
      const repaired = <T extends { damaged?: true }>({ damaged, ...rest }: T) => {
        assertEquals(damaged, true);
        return rest;
      };
      assertEquals(decoded.ifNames, header.ifNames.map(repaired));
      assertEquals(decoded.ifAliases, header.ifAliases.map(repaired));
    }
  });

  Deno.test(`${name}: records decoded and encoded are the same bytes, reserved ones 0`, () => {
    const bytes = load(name);
    const { header, bytes: records, flows } = readChunks([bytes], { zlib: NATIVE_ZLIB });
    const { exportVersion: version, aggregation, byteOrder, flags } = header!;
    const encoder = new FtStreamEncoder({ version, aggregation, byteOrder });
    const batch = new FlowBatch();
    const view = new DataView(records.buffer);
    batch.appendRecords(encoder.layout, view, 0, flows.length, byteOrder === "little");
    const [encoded] = encoder.encodeBatch(batch);
    assertEquals(encoded, clearReserved(records.slice(), encoder.layout));
    assertEquals(encoder.misfits.size, 0);
    if ((flags & FT_FLAGS.COMPRESS) === 0) assertEquals(records, bytes.slice(header!.size));
  });
}
