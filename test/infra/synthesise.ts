import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, type Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { z } from 'zod';
import { addDeployment } from '../../infra/deployment.ts';

const cdkJson = z
  .object({ context: z.record(z.string(), z.unknown()) })
  .parse(JSON.parse(readFileSync(new URL('../../cdk.json', import.meta.url), 'utf8')));

/** The templates of a deployment with this context, as `cdk synth` makes them but for the functions' code. */
export function synthesise(context: Readonly<Record<string, unknown>> = {}): Readonly<Record<'data' | 'control' | 'observe', Template>> {
  return templatesOf(context, addDeployment);
}

/** The template of each stack that `add` adds to an app with this context. */
export function templatesOf<Name extends string>(
  context: Readonly<Record<string, unknown>>,
  add: (app: App) => Readonly<Record<Name, Stack>>,
): Readonly<Record<Name, Template>>;
export function templatesOf(
  context: Readonly<Record<string, unknown>>,
  add: (app: App) => Readonly<Record<string, Stack>>,
): Readonly<Record<string, Template>> {
  const outdir = mkdtempSync(join(tmpdir(), 'plumbline-synth-'));
  try {
    const app = new App({ outdir, context: { ...cdkJson.context, 'aws:cdk:bundling-stacks': [], ...context } });
    const stacks = add(app);
    const assembly = app.synth();
    return Object.fromEntries(
      Object.entries(stacks).map(([name, { stackName }]) => [name, Template.fromJSON(assembly.getStackByName(stackName).template)]),
    );
  } finally {
    rmSync(outdir, { recursive: true });
  }
}

/** A value of a template as text: what only the deployment knows reads `<Logical.Attribute>`. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  const { data: node } = Intrinsic.safeParse(value);
  if (node === undefined) return JSON.stringify(value);
  if ('Ref' in node) return `<${node.Ref}>`;
  if ('Fn::GetAtt' in node) return `<${node['Fn::GetAtt'].join('.')}>`;
  if ('Fn::ImportValue' in node) return `<${textOf(node['Fn::ImportValue'])}>`;
  const [separator, parts] = node['Fn::Join'];
  return parts.map(textOf).join(separator);
}

const Intrinsic = z.union([
  z.object({ Ref: z.string() }),
  z.object({ 'Fn::GetAtt': z.array(z.string()) }),
  z.object({ 'Fn::ImportValue': z.unknown() }),
  z.object({ 'Fn::Join': z.tuple([z.string(), z.array(z.unknown())]) }),
]);
