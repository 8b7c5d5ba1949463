/** Declarations → model, with every contradiction named at once. */
import { EngineError } from "../errors.ts";
import { isValidName } from "../message/names.ts";
import type { RouteDeclaration } from "./decorators.ts";
import type { Aggregate, EventClass } from "./elements.ts";
import type { EventHandlerOptions, SubscriberOptions } from "./handler-options.ts";
import type { DomainModel, EventHome, HandlerFunction, Route, SubscriptionModel } from "./model.ts";

export interface HandlerDeclaration {
  readonly kind: SubscriptionModel["kind"];
  readonly handlerName: string;
  readonly stream: string;
  readonly options: EventHandlerOptions | SubscriberOptions;
  readonly routes: readonly RouteDeclaration[];
  /** Its constructor takes arguments and no `create` was given. */
  readonly needsCreate?: boolean;
  readonly createMethods: () => ReadonlyMap<string, HandlerFunction>;
}

const ENTRY_ID = /^\d+(?:-\d+)?$/;

/** The parts of a model while it is built, and what contradicts itself. */
interface Draft {
  readonly domain: string;
  readonly events: Map<string, EventClass>;
  readonly homes: Map<string, EventHome>;
  readonly faults: string[];
}

export function buildModel(
  name: string,
  aggregates: readonly Aggregate[],
  handlers: readonly HandlerDeclaration[],
): DomainModel {
  const draft: Draft = { domain: name, events: new Map(), homes: new Map(), faults: [] };
  const { faults } = draft;
  checkName("the domain's name", name, faults);
  for (const aggregate of aggregates) addAggregate(aggregate, draft);
  const subscriptions = handlers.map((handler) => toSubscription(handler, draft));
  for (const duplicate of duplicatesOf(subscriptions.map((subscription) => subscription.name))) {
    faults.push(
      `two handlers are called ${duplicate}: they would share a consumer group and take each other's messages`,
    );
  }
  if (faults.length > 0) {
    const count = faults.length === 1 ? "a fault" : `${faults.length} faults`;
    const list = faults.map((fault) => `  - ${fault}`).join("\n");
    throw new EngineError("ENGINE_DOMAIN_INVALID", `the domain has ${count}:\n${list}`);
  }
  return Object.freeze({ name, aggregates, subscriptions, homes: draft.homes, events: draft.events });
}

function checkName(what: string, name: string, faults: string[]): void {
  if (!isValidName(name))
    faults.push(`${what} is ${JSON.stringify(name)}: only letters, digits and _ . : - (and one {tag}) are allowed`);
}

function addAggregate(aggregate: Aggregate, { events, homes, faults }: Draft): void {
  checkName(`the category of aggregate ${aggregate.name}`, aggregate.category, faults);
  for (const eventClass of aggregate.events) {
    addEvent(eventClass, events, faults);
    const home = homes.get(eventClass.eventType);
    if (home && home.stream !== aggregate.category) {
      faults.push(
        `event ${eventClass.eventType} belongs to two aggregates: streams ${home.stream} and ${aggregate.category}`,
      );
    }
    homes.set(eventClass.eventType, {
      stream: aggregate.category,
      key: eventClass.eventOptions.key ?? aggregate.key,
    });
  }
}

function addEvent(eventClass: EventClass, events: Map<string, EventClass>, faults: string[]): void {
  const { eventType } = eventClass;
  const known = events.get(eventType);
  if (known === eventClass) return;
  if (known && known.schema !== eventClass.schema) faults.push(`two event classes are called ${eventType}`);
  events.set(eventType, eventClass);
  const fault = schemaFault(eventClass);
  if (fault !== null) faults.push(fault);
}

function schemaFault({ eventType, schema }: EventClass): string | null {
  try {
    const result = schema["~standard"].validate(undefined);
    if (!(result instanceof Promise)) return null;
    // What it comes to is of no interest, and must not end the process.
    result.catch(() => undefined);
    return `the schema of ${eventType} validates asynchronously: use a synchronous one`;
  } catch (error) {
    return `the schema of ${eventType} throws instead of naming issues: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function checkHandler(
  { handlerName, options, routes, needsCreate, stream }: HandlerDeclaration,
  faults: string[],
): void {
  const { startFrom } = options;
  checkName(`the stream of handler ${handlerName}`, stream, faults);
  if (routes.length === 0) faults.push(`handler ${handlerName} handles nothing: no method has @handle`);
  if (needsCreate) {
    faults.push(
      `the constructor of handler ${handlerName} takes arguments: give \`create: () => new ${handlerName}(…)\``,
    );
  }
  const isKnownStart =
    startFrom === undefined || startFrom === "earliest" || startFrom === "latest" || ENTRY_ID.test(startFrom);
  if (!isKnownStart) {
    faults.push(
      `handler ${handlerName}: startFrom ${JSON.stringify(startFrom)} is not "earliest", "latest" or an entry id`,
    );
  }
}

function routesOf(
  { handlerName, routes: declared }: HandlerDeclaration,
  { events, faults }: Draft,
): Map<string, Route> {
  const routes = new Map<string, Route>();
  for (const route of declared) {
    const other = routes.get(route.type);
    if (other) faults.push(`handler ${handlerName} handles ${route.type} twice: ${other.method} and ${route.method}`);
    routes.set(route.type, route);
    if (route.eventClass) addEvent(route.eventClass, events, faults);
  }
  return routes;
}

function toSubscription(handler: HandlerDeclaration, draft: Draft): SubscriptionModel {
  const { options, handlerName, stream } = handler;
  const name = `${draft.domain}.${options.name ?? handlerName}`;
  checkName(`the name of handler ${handlerName}`, name, draft.faults);
  checkHandler(handler, draft.faults);
  return {
    name,
    handlerName,
    kind: handler.kind,
    stream,
    routes: routesOf(handler, draft),
    startFrom: options.startFrom ?? "earliest",
    profile: options.subscriptionProfile,
    overrides: options.subscriptionConfig ?? {},
    retryOn: options.retryOn ?? [],
    deadLetterOn: options.deadLetterOn ?? [],
    decode: "decode" in options ? options.decode : undefined,
    createMethods: handler.createMethods,
  };
}

function duplicatesOf(names: readonly string[]): readonly string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}
