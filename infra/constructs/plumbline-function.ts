import { Duration, RemovalPolicy, type Size } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  type DockerImageCode,
  DockerImageFunction,
  type FunctionOptions,
  type ILayerVersion,
  Function as LambdaFunction,
  Runtime,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { bundledCode, type FunctionName } from './bundle.ts';
import { MEMORY_MIB, nodeOptions } from './function-memory.ts';
import { grant, type Permission } from './permissions.ts';

/** How the code of a function gets to Lambda: the bundle as a zip, the same with layers of x86-64 programs, or an image of its own. */
export type Packaging =
  | { readonly type: 'zip' }
  | { readonly type: 'zip-with-layers'; readonly layers: readonly ILayerVersion[] }
  | { readonly type: 'image'; readonly code: DockerImageCode };

export interface PlumblineFunctionProps {
  readonly name: FunctionName;
  readonly deployment: string;
  readonly description: string;
  readonly packaging: Packaging;
  readonly timeout: Duration;
  readonly ephemeralStorageSize?: Size;
  /** How often an event is tried again; a tick is not, since the next one is due. */
  readonly retryAttempts?: number;
  /** The settings of lib/config.ts. */
  readonly settings: Readonly<Record<string, string>>;
  /** All that it may do, beside writing its own log. */
  readonly permissions: readonly Permission[];
  /** The local environment: its log goes with it. */
  readonly local: boolean;
}

/** One of the functions, with a role and a log group of its own. */
export class PlumblineFunction extends Construct {
  readonly function: LambdaFunction;
  readonly role: Role;
  readonly logGroup: LogGroup;

  constructor(scope: Construct, id: string, props: PlumblineFunctionProps) {
    super(scope, id);
    const functionName = `${props.deployment}-${props.name}`;
    this.logGroup = new LogGroup(this, 'Logs', {
      logGroupName: `/aws/lambda/${functionName}`,
      // Records live longer, in their table; the log is for looking at what happened lately.
      retention: RetentionDays.THREE_MONTHS,
      removalPolicy: props.local ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
    });
    this.role = new Role(this, 'Role', {
      description: `${functionName}: ${props.description}`,
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
    });
    // The ARN of a log group covers its streams.
    const writeLog: Permission = {
      actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      resources: [this.logGroup.logGroupArn],
    };
    grant(this.role, [writeLog, ...props.permissions]);
    this.function = this.#function(props.packaging, props.name, {
      functionName,
      description: props.description,
      role: this.role,
      logGroup: this.logGroup,
      timeout: props.timeout,
      memorySize: MEMORY_MIB[props.name],
      // Of the ticks: one that failed is not tried again, since the next is less than a minute away.
      retryAttempts: props.retryAttempts ?? 0,
      maxEventAge: props.retryAttempts === undefined ? Duration.minutes(1) : Duration.hours(1),
      environment: { ...props.settings, NODE_OPTIONS: nodeOptions(props.name) },
      ...(props.ephemeralStorageSize === undefined ? {} : { ephemeralStorageSize: props.ephemeralStorageSize }),
    });
    // The policy must be there before the first invocation.
    this.function.node.addDependency(this.role);
  }

  #function(packaging: Packaging, name: FunctionName, options: FunctionOptions): LambdaFunction {
    if (packaging.type === 'image') {
      return new DockerImageFunction(this, 'Function', { ...options, code: packaging.code, architecture: Architecture.X86_64 });
    }
    const zip = { ...options, code: bundledCode(name), runtime: Runtime.NODEJS_24_X, handler: 'index.handler' };
    return packaging.type === 'zip'
      ? new LambdaFunction(this, 'Function', { ...zip, architecture: Architecture.ARM_64 })
      : new LambdaFunction(this, 'Function', { ...zip, architecture: Architecture.X86_64, layers: [...packaging.layers] });
  }
}
