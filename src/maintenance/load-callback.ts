/** `alert_callback = "./alerts.js#onDlqAlert"`: loaded once at start, so that a wrong one is known before it is needed. */
import { pathToFileURL } from "node:url";
import { EngineError } from "../errors.ts";
import { findProjectFile } from "../lifecycle/project-file.ts";
import type { AlertCallback } from "./dead-letter-keeper.ts";

/** `specifier` is `module#export`; the module lies in `directory` or below. */
export async function loadAlertCallback(specifier: string, directory: string): Promise<AlertCallback> {
  const [path = "", name = ""] = specifier.split("#");
  const fail = (reason: string, hint: string, cause?: unknown): EngineError =>
    new EngineError("ENGINE_CALLBACK_INVALID", `server.dlq.alert_callback ${JSON.stringify(specifier)}: ${reason}`, {
      hint,
      ...(cause === undefined ? {} : { cause }),
    });

  const file = findProjectFile(directory, path);
  if (file === null) {
    throw fail(
      "there is no such file inside the project",
      `Name a file below ${directory}, as in "./alerts.js#onDlqAlert".`,
    );
  }
  let exports: Record<string, unknown>;
  try {
    exports = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  } catch (cause) {
    throw fail(
      `the module threw while it was loaded: ${cause instanceof Error ? cause.message : String(cause)}`,
      "Run it by itself to see why.",
      cause,
    );
  }
  const callback = Object.hasOwn(exports, name) ? exports[name] : undefined;
  if (typeof callback !== "function") {
    const names = Object.keys(exports);
    throw fail(
      `it exports no function ${JSON.stringify(name)}`,
      `It exports ${names.length > 0 ? names.join(", ") : "nothing"}.`,
    );
  }
  return callback as AlertCallback;
}
