import type { FlowFieldName } from "@flowtools/flow-model";
import type { NamedKind } from "@flowtools/netflow-pdu";
import type { RowTest } from "../filter/narrow.ts";
import { type Built, type Joint, numberTests } from "./build_condition.ts";
import { elementForm } from "./element_values.ts";
import { ElementTest, holdsOctets } from "./narrow_elements.ts";
import { AndTest, OrTest } from "./narrow_logic.ts";
import { type NamedPlace, NameTest } from "./narrow_names.ts";
import type { NamedEnd, NumberEnd } from "./subjects.ts";
import { type NamesAtHand, TOLD_NAMES } from "./told_names.ts";
import type { ReadComparison, ReadNumbers, ValueReader } from "./value_reader.ts";
import { type NumberValues, wholeNumbers } from "./values.ts";

/** What conditions on what exporters name are made with. */
export interface NamedContext {
  /** What they told, when rows are selected. */
  readonly atHand: NamesAtHand;
  /** Told of each test of names. */
  readonly onTest: (test: NameTest) => void;
  /** Whether the address of its exporter is enough to know the names of a flow. */
  readonly byAddress: boolean;
}

/** Numbers of elements that exporters name: VRF and sampler ids. */
const IDS: NumberValues = wholeNumbers("id", 0xffffffff);

/** Where flows have the address of their exporter. */
const EXPORTER: FlowFieldName = "exaddr";

/** The form of ids in records. */
const ID_FORM = elementForm("unsigned32");

/** A field that exporters name the values of: interfaces, by numbers or names. */
export function buildNamedNumbers(
  { ends, named }: { readonly ends: readonly NumberEnd[]; readonly named: NamedKind },
  joint: Joint,
  { numbers, names }: {
    readonly numbers: ReadNumbers | undefined;
    readonly names: readonly string[];
  },
  context: NamedContext,
): Built {
  const places = ends.flatMap(({ source }): NamedPlace[] =>
    source.kind === "field"
      ? [{ field: source.field, exporter: context.byAddress ? EXPORTER : undefined }]
      : []
  );
  return joinEnds(
    {
      places,
      named,
      names,
      tests: numbers === undefined ? [] : numberTests(ends, numbers.ranges),
      shown: shownValues(numbers?.shown, names),
      octets: false,
    },
    joint,
    context,
  );
}

/** Elements that exporters name the values of, by names, numbers, or octets of applications. */
export function buildNamedElements(
  { ends, named }: { readonly ends: readonly NamedEnd[]; readonly named: NamedKind },
  joint: Joint,
  comparison: ReadComparison,
  values: ValueReader,
  context: NamedContext,
): Built {
  const common = { places: ends, named, octets: true };
  if (named === "applications") {
    const { octets, names } = values.octetsOrNames(comparison);
    const tests = octets.length === 0
      ? []
      : ends.map(({ elements }) =>
        new ElementTest(elements, (value) =>
          value instanceof Uint8Array && octets.some(({ bytes }) =>
            holdsOctets(value, bytes)
          ))
      );
    const list = octets.map(({ shown }) => shown).join(", ");
    const shown = shownValues(list === "" ? undefined : `= ${list}`, names);
    return joinEnds({ ...common, names, tests, shown }, joint, context);
  }
  const { numbers, names } = values.numbersOrNames(IDS, comparison);
  const passes = numbers === undefined || ID_FORM.kind !== "number"
    ? undefined
    : ID_FORM.test(numbers.ranges);
  const tests = passes === undefined
    ? []
    : ends.map(({ elements }) => new ElementTest(elements, passes));
  const shown = shownValues(numbers?.shown, names);
  return joinEnds({ ...common, names, tests, shown }, joint, context);
}

interface NamedParts {
  /** Where flows have it, at each end. */
  readonly places: readonly NamedPlace[];
  readonly named: NamedKind;
  readonly names: readonly string[];
  /** Tests of values that are no names, for each end; none where there are no such values. */
  readonly tests: readonly RowTest[];
  readonly octets: boolean;
  readonly shown: string;
}

function joinEnds(parts: NamedParts, joint: Joint, context: NamedContext): Built {
  const { places, named, names, tests, octets, shown } = parts;
  const ends = places.map((place, end): RowTest => {
    const either = tests.slice(end, end + 1);
    if (names.length === 0) return either[0];
    const test = new NameTest(named, place, names, context.atHand);
    context.onTest(test);
    return either.length === 0 ? test : new OrTest([...either, test]);
  });
  const needs = places.map((place) => {
    // Records that nobody names anything of cannot answer, whatever fields they have.
    if (names.length > 0) {
      return "field" in place && place.exporter !== undefined
        ? [[place.field, place.exporter]]
        : [[TOLD_NAMES[named].all]];
    }
    return "field" in place ? [[place.field]] : place.elements.map((name) => [name]);
  });
  const test = ends.length === 1 ? ends[0] : joint === "and" ? new AndTest(ends) : new OrTest(ends);
  const alternatives = joint === "and" && needs.length > 1
    ? [needs.flatMap(([first]) => first)]
    : needs.flat();
  return { test, alternatives, shown, octets };
}

/** How numbers and names were understood. */
function shownValues(numbers: string | undefined, names: readonly string[]): string {
  const quoted = names.map((name) => JSON.stringify(name)).join(", ");
  if (numbers === undefined) return `= ${quoted}`;
  return names.length === 0 ? numbers : `${numbers}, ${quoted}`;
}
