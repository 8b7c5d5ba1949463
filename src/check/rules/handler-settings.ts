import { formatFault } from "../../config/faults.ts";
import type { StaticRule } from "../rule.ts";

/** The engine would refuse to start. */
export const handlerSettings: StaticRule = {
  scope: "static",
  code: "CHECK_HANDLER_SETTINGS",
  severity: "error",
  title: "settings of a handler that are invalid",
  rationale:
    "A profile that does not exist, a value out of range, or settings of several levels that contradict each other: the engine refuses to start.",
  fix: "Correct the option in the handler; `engine config explain --handler` shows what set each value.",
  run({ settingFaults }) {
    return settingFaults.flatMap(({ handlerName, faults }) =>
      faults.map((fault) => ({
        on: handlerName,
        message: formatFault(fault),
        place: fault.place === null || fault.place === "code" ? null : { file: fault.place, line: fault.line },
      })),
    );
  },
};
