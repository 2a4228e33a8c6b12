import type { FlowBatch } from "@flowtools/flow-model";
import type { BatchPlanner } from "./batch_plan.ts";
import type { HeldSet } from "./held_sets.ts";
import type { TemplateSession } from "./session.ts";
import type { Template } from "./template.ts";

/**
 * Decodes records of earlier packets that can be decoded now: their templates have come.
 *
 * @param session What holds them
 * @param planner Makes plans of how records become rows
 * @param batch Where they go
 * @returns Rows appended
 */
export function appendHeld(
  session: TemplateSession,
  planner: BatchPlanner,
  batch: FlowBatch,
): number {
  const { held } = session;
  const before = batch.length;
  for (let set = held.ready; set !== undefined; set = held.ready) {
    if (!takeSet(session, planner, batch, set, set.template!)) break;
    held.shift();
  }
  return batch.length - before;
}

/** Decodes a set as far as there is room; returns whether it is done with. */
function takeSet(
  session: TemplateSession,
  planner: BatchPlanner,
  batch: FlowBatch,
  set: HeldSet,
  template: Template,
): boolean {
  const { octets, domain, facts } = set;
  const to = octets.byteLength;
  if (template.options) {
    set.from = session.learnFrom(template, domain, octets, set.from, to).end;
  } else {
    const plan = planner.planOf(template, batch, session, domain);
    set.from = plan.append(octets, set.from, to, facts);
    if (plan.full) return false;
  }
  if (to - set.from >= template.minOctets) session.countDamaged();
  return true;
}
