import { FlowToolsError } from "@flowtools/flow-model";

/** Flows cannot be grouped as somebody asks for. */
export class GroupError extends FlowToolsError {}
