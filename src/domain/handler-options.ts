import type { SubscriptionOverrides } from "../config/settings.ts";
import type { Aggregate } from "./elements.ts";

/** "earliest", "latest", or an entry id: where a group begins that does not exist yet. */
export type StartFrom = "earliest" | "latest" | (string & {});

export type ErrorClass = abstract new (...args: never[]) => Error;

interface CommonOptions {
  /** The subscription's name, after the domain's: `{domain}.{name}`. Default: the class's name. It is the consumer group. */
  readonly name?: string;
  readonly subscriptionProfile?: string;
  readonly subscriptionConfig?: SubscriptionOverrides;
  /** Default "earliest". */
  readonly startFrom?: StartFrom;
  /** Errors that are retried, also where `deadLetterOn` names a class they extend. */
  readonly retryOn?: readonly ErrorClass[];
  /** Errors that are dead-lettered at once, as a `PermanentError` is. */
  readonly deadLetterOn?: readonly ErrorClass[];
}

type OfStream =
  | { readonly partOf: Aggregate; readonly stream?: never }
  | { readonly stream: string; readonly partOf?: never };

/** Options of `@domain.eventHandler`. */
export type EventHandlerOptions = CommonOptions & OfStream;

/** An entry of a foreign stream, for `decode`. */
export interface ForeignEntry {
  readonly stream: string;
  readonly entryId: string;
  /** Later duplicates of a field name win. */
  readonly fields: Readonly<Record<string, string>>;
}

/** What `decode` makes of a foreign entry. */
export interface ForeignMessage {
  readonly type: string;
  readonly data: unknown;
  readonly id?: string;
  readonly key?: string;
  readonly time?: string;
  readonly correlationId?: string;
}

/** Options of `@domain.subscriber`: a stream that another application writes. */
export type SubscriberOptions = CommonOptions & {
  readonly stream: string;
  /** For entries that are not CloudEvents. What it throws makes the message invalid. */
  readonly decode?: (entry: ForeignEntry) => ForeignMessage;
};

/** Makes the handler instance; once per process. */
export interface WithCreate<Instance> {
  readonly create: () => Instance;
}
