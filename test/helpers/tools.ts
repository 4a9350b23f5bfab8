import { thisHost } from '../../lib/local/host.ts';
import { toolsDirectory } from '../../lib/local/tools.ts';
import { type Tools, toolsIn } from '../../lib/render/tools.ts';

/** The real kubectl and Helm, unpacked into the cache on first use. */
export async function testTools(): Promise<Tools> {
  return toolsIn(await toolsDirectory(thisHost(process.env), (message) => console.error(message), AbortSignal.timeout(120_000)));
}
