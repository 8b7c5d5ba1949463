/**
 * Names on the broker: pure functions.
 *
 * Every companion key of a stream hashes to the stream's Redis Cluster slot, because it carries the stream's name as
 * its hash tag: `order` and `{order}:dlq:shop.Audit` are one slot. A stream that has a hash tag of its own keeps it:
 * `{tenant}order` and `{tenant}order:dlq:shop.Audit`.
 */

/** Letters, digits and `_ . : -`, with at most one `{tag}`: what a stream or subscription may be called. */
const NAME = /^(?=.{1,200}$)[\w.:-]*(?:\{[\w.:-]+\}[\w.:-]*)?$/;

export function isValidName(name: string): boolean {
  return NAME.test(name);
}

function hashTag(stream: string): string | null {
  const open = stream.indexOf("{");
  if (open < 0) return null;
  const close = stream.indexOf("}", open + 1);
  return close > open + 1 ? stream.slice(open + 1, close) : null;
}

function companion(stream: string, suffix: string): string {
  return hashTag(stream) === null ? `{${stream}}:${suffix}` : `${stream}:${suffix}`;
}

/** The dead-letter stream of a subscription. */
export function deadLetterStream(stream: string, subscription: string): string {
  return companion(stream, `dlq:${subscription}`);
}

/** Every dead-letter stream of `stream` starts with this. */
export function deadLetterPrefix(stream: string): string {
  return companion(stream, "dlq:");
}

/** The stream through which dead letters return to the one subscription that failed them. */
export function replayStream(stream: string, subscription: string): string {
  return companion(stream, `replay:${subscription}`);
}

/** The hash of delivery histories: entry id → what happened to it. One for the stream, one for its replay stream. */
export function historyKey(stream: string, subscription: string, lane: "main" | "replay"): string {
  return companion(stream, `${lane === "main" ? "history" : "replay-history"}:${subscription}`);
}

/** `OrderLine` → `order_line`: the category of an aggregate that names none. */
export function categoryOf(aggregateName: string): string {
  return aggregateName.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, "_").toLowerCase();
}

/** Where operators' orders to the engines of a domain are kept: pauses. */
export function controlName(domain: string): string {
  return `{${domain}}:control`;
}

/** The lease of a maintenance job: one per domain. */
export function leaseName(domain: string, job: string): string {
  return `{${domain}}:lease:${job}`;
}
