#!/usr/bin/env node
import { runOnPinnedNode } from './bootstrap.mjs';

runOnPinnedNode('lib/cli/main.ts', process.argv.slice(2));
