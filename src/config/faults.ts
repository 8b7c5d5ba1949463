/** What is wrong with a configuration: collected, never thrown one by one. */
import { EngineError } from "../errors.ts";
import { nearestName } from "./nearest.ts";
import type { SettingOrigin } from "./settings.ts";

export type Origin = SettingOrigin;

export type KeyPath = readonly string[];

export interface ConfigFault {
  /** As {@link formatPath} writes it. */
  readonly path: string;
  /** Name of the file, or of the place in code. Null: no one place. */
  readonly place: string | null;
  readonly line: number | null;
  /** Never carries the value of a secret key or of a variable. */
  readonly message: string;
  /** The nearest valid name, for a name that is unknown. */
  readonly nearest: string | null;
}

/** One error for all faults: `faults` for programs, the message for people. */
export class ConfigError extends EngineError {
  readonly faults: readonly ConfigFault[];

  constructor(faults: readonly ConfigFault[]) {
    const sorted = faults.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0));
    const count = sorted.length === 1 ? "1 fault" : `${sorted.length} faults`;
    super("ENGINE_CONFIG_INVALID", [`the configuration has ${count}:`, ...sorted.map(formatFault)].join("\n"), {
      hint: "Every key is described in docs/reference/configuration.md; `engine config explain` shows what is in force.",
    });
    this.name = "ConfigError";
    this.faults = sorted;
  }
}

/** `domain.toml:12 server.health.prot: unknown key; did you mean "port"?` */
export function formatFault(fault: ConfigFault): string {
  const place = fault.line === null ? fault.place : `${fault.place}:${fault.line}`;
  const where = [place, fault.path].filter((part) => part !== null && part !== "").join(" ");
  const suggestion = fault.nearest === null ? "" : `; did you mean "${fault.nearest}"?`;
  return `${where}: ${fault.message}${suggestion}`;
}

/** `domain.toml:12`, with the environment when an overlay set it. */
export function formatOrigin(origin: Origin): string {
  const place = origin.line === null ? origin.place : `${origin.place}:${origin.line}`;
  return origin.environment === null ? place : `${place} (environment ${origin.environment})`;
}

/** Dotted, with quotes around what TOML would not take bare. */
export function formatPath(path: KeyPath): string {
  return path.map((part) => (/^[\w-]+$/.test(part) ? part : JSON.stringify(part))).join(".");
}

export function createFault(path: KeyPath, origin: Origin | null, message: string): ConfigFault {
  return {
    path: formatPath(path),
    place: origin?.place ?? null,
    line: origin?.line ?? null,
    message,
    nearest: null,
  };
}

/** A fault for a name that is not among `known`: with the nearest of them, or else all of them while they are few. */
export function createUnknownFault(
  fault: { readonly path: KeyPath; readonly origin: Origin | null; readonly what: string },
  name: string,
  known: readonly string[],
): ConfigFault {
  const nearest = nearestName(name, known);
  const isListed = nearest === null && known.length > 0 && known.length <= 8;
  const message = isListed ? `${fault.what} (there are: ${known.join(", ")})` : fault.what;
  return { ...createFault(fault.path, fault.origin, message), nearest };
}
