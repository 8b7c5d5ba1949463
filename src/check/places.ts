/** Where a setting was written. */
import type { SubscriptionField } from "../config/explain.ts";
import type { CheckedSubscription, FilePlace } from "./rule.ts";

/** The line that set a field of a subscription; null when code, a built-in profile or a default did. */
export function settingPlace({ resolved }: CheckedSubscription, field: SubscriptionField): FilePlace | null {
  const match = /(?<file>[^\s()]+):(?<line>\d+)(?=\)|$| \()/.exec(resolved.sources[field]);
  const { file, line } = match?.groups ?? {};
  return file === undefined ? null : { file, line: Number(line) };
}
