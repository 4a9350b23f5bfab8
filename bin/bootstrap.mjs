#!/usr/bin/env node
/**
 * Runs a TypeScript entry of this project on its pinned Node, from a clone in which nothing was installed yet:
 *
 *     node bin/bootstrap.mjs demo/main.ts --keep
 *
 * Installs the locked packages if they are missing or others than the lock file says. Plain JavaScript that the oldest Node still
 * in use can run; its own output goes to standard error, the entry's status is its status.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const project = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const modules = join(project, 'node_modules');

/** Runs the entry (a path from the project's root) and ends this process as it ends. */
export function runOnPinnedNode(entry, args) {
  if (!isInstalled()) install();
  const node = pinnedNode();
  const child = spawn(node, [join(project, entry), ...args], {
    stdio: 'inherit',
    env: { ...process.env, PATH: [dirname(node), join(modules, '.bin'), process.env.PATH ?? ''].join(delimiter) },
  });
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  const forward = (signal) => child.kill(signal);
  for (const signal of signals) process.on(signal, forward);
  child.once('error', (error) => fail(`${node} could not be started: ${error.message}`));
  child.once('exit', (code, signal) => {
    for (const name of signals) process.off(name, forward);
    process.exit(code ?? 128 + (constants.signals[signal] ?? 0));
  });
}

/** npm keeps its own account of what it installed; it must say of every package what the lock file says. */
function isInstalled() {
  const installed = readPackages(join(modules, '.package-lock.json'));
  const locked = readPackages(join(project, 'package-lock.json'));
  return Object.entries(locked).every(([path, { version, optional }]) => {
    if (path === '') return true;
    return path in installed ? installed[path].version === version : optional === true;
  });
}

function readPackages(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).packages : {};
}

function install() {
  process.stderr.write('installing the locked packages (npm ci, about 30 seconds)\n');
  const { status, error } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: project,
    stdio: ['ignore', 2, 2],
  });
  if (error !== undefined) fail(`npm could not be started: ${error.message}. It comes with Node; install both from https://nodejs.org/.`);
  if (status !== 0)
    fail('npm ci failed, its messages are above. It needs the npm registry, or a proxy that is set with `npm config set registry URL`.');
}

/** The Node that the lock file names; newer npm skips the install script that fetches it, so it may have to be run here. */
function pinnedNode() {
  const node = join(modules, 'node', 'bin', 'node');
  if (!existsSync(node)) {
    const folder = join(modules, 'node');
    spawnSync(process.execPath, ['installArchSpecificPackage'], { cwd: folder, stdio: ['ignore', 2, 2] });
  }
  if (existsSync(node)) return node;
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath;
  return fail(
    `Node 24 is needed, and npm brought none for ${process.platform} ${process.arch}. Run this with Node 24 from https://nodejs.org/.`,
  );
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

if (resolve(process.argv[1] ?? '') === fileURLToPath(import.meta.url)) {
  const [entry, ...args] = process.argv.slice(2);
  if (entry === undefined) fail('bootstrap: name the TypeScript entry to run, as in `node bin/bootstrap.mjs demo/main.ts`');
  else runOnPinnedNode(entry, args);
}
