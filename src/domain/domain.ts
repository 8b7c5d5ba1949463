/** The application's side of the engine: what it declares, and `publish`. */
import { EngineError } from "../errors.ts";
import type { EngineStatus } from "../health/status.ts";
import { categoryOf } from "../message/names.ts";
import { routesOf, type RouteDeclaration } from "./decorators.ts";
import type { DefinedHandler } from "./define-handler.ts";
import type { Aggregate, AggregateOptions, EventInstance } from "./elements.ts";
import type { EventHandlerOptions, SubscriberOptions, WithCreate } from "./handler-options.ts";
import { buildModel, type HandlerDeclaration } from "./build-model.ts";
import type { DomainModel, HandlerFunction } from "./model.ts";

type AnyClass = abstract new (...args: never[]) => object;
type ClassDecorator<Class extends AnyClass> = (target: Class, context: ClassDecoratorContext<Class>) => void;

interface ClassDeclaration extends Pick<HandlerDeclaration, "kind" | "stream"> {
  readonly options: HandlerDeclaration["options"] & Partial<WithCreate<object>>;
}

export interface PublishOptions {
  /** The stream; needed for an event of no aggregate. */
  readonly stream?: string;
  /** Over the event's `key` property. */
  readonly key?: string;
  /** UUID. Default: a new version 7. Publish again with the same id after an error whose outcome is unknown. */
  readonly id?: string;
  readonly correlationId?: string;
  readonly causationId?: string;
  readonly traceparent?: string;
  readonly tracestate?: string;
  /** CloudEvents extension attributes: lower-case letters and digits. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a published event became. */
export interface Published {
  readonly id: string;
  readonly stream: string;
  readonly entryId: string;
}

/** What a connected domain publishes through; attached by `connect` and `createEngine`. */
export interface Publisher {
  publish(events: readonly EventInstance[], options: PublishOptions): Promise<readonly Published[]>;
  /** Of the engine that runs the domain; absent for a connection that only publishes. */
  status?(): EngineStatus;
  close(): Promise<void>;
}

const NOT_RUNNING: EngineStatus = { state: "new", uptimeMs: 0, brokers: {}, subscriptions: [], sampleAgeMs: null };

/** A domain: its name, aggregates and handlers. Declare, then run it with `createEngine`. */
export class Domain {
  readonly name: string;
  readonly #aggregates: Aggregate[] = [];
  readonly #handlers: HandlerDeclaration[] = [];
  #model: DomainModel | null = null;
  #publishers: Publisher[] = [];

  /** `name` begins every subscription's name; letters, digits and `_ . : -`. */
  constructor(name: string) {
    this.name = name;
  }

  /** Declares an aggregate: the category (stream) of its events, and where they are published. */
  aggregate(name: string, options: AggregateOptions = {}): Aggregate {
    this.#assertOpen(`aggregate ${name}`);
    const aggregate: Aggregate = {
      kind: "aggregate",
      name,
      category: options.category ?? categoryOf(name),
      events: options.events ?? [],
      key: options.key,
    };
    this.#aggregates.push(aggregate);
    return aggregate;
  }

  /** Class decorator: its `@handle` methods receive the events of an aggregate, or of a stream. */
  eventHandler<Instance extends object>(
    options: EventHandlerOptions & WithCreate<Instance>,
  ): ClassDecorator<abstract new (...args: never[]) => Instance>;
  eventHandler(options: EventHandlerOptions & { readonly create?: never }): ClassDecorator<new () => object>;
  eventHandler(options: EventHandlerOptions & Partial<WithCreate<object>>): ClassDecorator<never> {
    return (target, context) => {
      const stream = options.stream ?? options.partOf.category;
      this.#declareClass({ kind: "eventHandler", stream, options }, target, context);
    };
  }

  /** Class decorator: its `@handle` methods receive messages of a stream that another application writes. */
  subscriber<Instance extends object>(
    options: SubscriberOptions & WithCreate<Instance>,
  ): ClassDecorator<abstract new (...args: never[]) => Instance>;
  subscriber(options: SubscriberOptions & { readonly create?: never }): ClassDecorator<new () => object>;
  subscriber(options: SubscriberOptions & Partial<WithCreate<object>>): ClassDecorator<never> {
    return (target, context) => {
      this.#declareClass({ kind: "subscriber", stream: options.stream, options }, target, context);
    };
  }

  /** Registers handlers made by `defineHandler`. */
  register(...handlers: readonly DefinedHandler[]): this {
    for (const { options, routes } of handlers) {
      this.#assertOpen(`handler ${options.name}`);
      this.#handlers.push({
        kind: "eventHandler",
        handlerName: options.name,
        stream: options.stream ?? options.partOf.category,
        options,
        routes: routes.map(({ eventClass }) => ({
          type: eventClass.eventType,
          eventClass,
          method: eventClass.eventType,
        })),
        createMethods: () => new Map(routes.map(({ eventClass, handle }) => [eventClass.eventType, handle])),
      });
    }
    return this;
  }

  /** The checked model; from now on nothing more can be declared. Throws ENGINE_DOMAIN_INVALID with every fault. */
  get model(): DomainModel {
    this.#model ??= buildModel(this.name, this.#aggregates, this.#handlers);
    return this.#model;
  }

  /** Appends an event to its aggregate's stream. Resolves once the broker has it. */
  async publish(event: EventInstance, options: PublishOptions = {}): Promise<Published> {
    const [published] = await this.#publisher().publish([event], options);
    return published as Published;
  }

  /** Appends events in order, in one round trip. `key` and `id` belong to single events: use the events' own. */
  publishAll(
    events: readonly EventInstance[],
    options: Omit<PublishOptions, "id" | "key"> = {},
  ): Promise<readonly Published[]> {
    return this.#publisher().publish(events, options);
  }

  /** How the engine that runs this domain stands: for probes. "new" while none does. */
  status(): EngineStatus {
    const engine = this.#publishers.findLast((publisher) => publisher.status !== undefined);
    return engine?.status?.() ?? NOT_RUNNING;
  }

  /** Used by `connect` and `createEngine`. The last one attached serves `publish`. */
  attach(publisher: Publisher): () => void {
    this.#publishers.push(publisher);
    return () => {
      this.#publishers = this.#publishers.filter((other) => other !== publisher);
    };
  }

  /** Closes what `connect` opened for this domain: for tests and tools. An engine is stopped with `engine.stop()`. */
  async close(): Promise<void> {
    const publishers = this.#publishers;
    this.#publishers = [];
    for (const publisher of publishers) await publisher.close();
  }

  #publisher(): Publisher {
    const publisher = this.#publishers.at(-1);
    if (publisher) return publisher;
    throw new EngineError("ENGINE_PUBLISH_NOT_CONNECTED", `domain ${this.name} is not connected to a broker`, {
      hint: "Start an engine (createEngine), or call `await connect(domain)` in a process that only publishes.",
    });
  }

  #assertOpen(what: string): void {
    if (this.#model === null) return;
    throw new EngineError("ENGINE_STATE_INVALID", `${what} is declared after the domain ${this.name} was put to use`, {
      hint: "Import every handler before createEngine or connect.",
    });
  }

  #declareClass({ kind, stream, options }: ClassDeclaration, target: AnyClass, context: ClassDecoratorContext): void {
    const handlerName = context.name ?? target.name;
    this.#assertOpen(`handler ${handlerName}`);
    const routes = routesOf(context.metadata);
    const create = options.create ?? ((): object => new (target as new () => object)());
    this.#handlers.push({
      kind,
      handlerName,
      stream,
      options,
      routes,
      needsCreate: target.length > 0 && options.create === undefined,
      createMethods: () => bindMethods(create(), routes),
    });
  }
}

function bindMethods(instance: object, routes: readonly RouteDeclaration[]): Map<string, HandlerFunction> {
  const methods = new Map<string, HandlerFunction>();
  for (const { method } of routes) {
    const found = (instance as Record<string, HandlerFunction>)[method];
    if (typeof found !== "function") {
      throw new EngineError("ENGINE_DOMAIN_INVALID", `what create() returned has no method ${method}`);
    }
    methods.set(method, found.bind(instance));
  }
  return methods;
}
