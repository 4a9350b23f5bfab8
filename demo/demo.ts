import { type EnvironmentDescription, type Host, startLocalEnvironment } from '../lib/local/index.ts';
import {
  attachDebugContainer,
  besideFight,
  breakByHand,
  changeWithLeave,
  commitNewVersion,
  moveTags,
  pushAnImage,
  registerClusters,
  removeFromGit,
  rollBack,
  runOtherBytes,
  showFleet,
  showRecords,
  showWhatWasAllowed,
  switchToObserve,
} from './chapters/index.ts';
import { prepareFleet } from './fleet.ts';
import { createNarration } from './narration.ts';

export interface DemoOptions {
  readonly name: string;
  readonly keep: boolean;
  readonly host: Host;
  readonly signal: AbortSignal;
  /** Called once the environment is up: from then on this process works on it. */
  readonly useEnvironment: (environment: EnvironmentDescription) => void;
}

/** On which the pods of the enforced cluster come up. */
const NODES = 2;

/** The whole story, chapter by chapter. Whatever happens, nothing is left running unless `keep` was asked for and all went well. */
export async function runDemo(options: DemoOptions): Promise<void> {
  const narration = createNarration(options.signal);
  narration.step(
    'Start two Kubernetes API servers and an AWS emulator',
    'Real etcd and kube-apiserver; in prod-eu also the real controllers and scheduler, on played nodes. Nothing outside this machine is touched.',
  );
  const environment = await startLocalEnvironment({
    name: options.name,
    clusters: [
      { name: 'prod-eu', access: 'enforce', nodes: NODES },
      { name: 'prod-us', access: 'enforce' },
    ],
    host: options.host,
    progress: (message) => narration.say(message),
    signal: options.signal,
  });
  try {
    options.useEnvironment(environment);
    const fleet = await prepareFleet(environment, options, narration);
    await registerClusters(fleet);
    await switchToObserve(fleet, 'prod-us');
    const broken = await breakByHand(fleet);
    await changeWithLeave(fleet);
    await besideFight(fleet, async () => {
      const otherBytes = await moveTags(fleet);
      await removeFromGit(fleet);
      const before = await commitNewVersion(fleet);
      await showRecords(fleet, broken);
      await rollBack(fleet, before);
      await attachDebugContainer(fleet);
      await pushAnImage(fleet, await runOtherBytes(fleet, otherBytes));
      await showWhatWasAllowed(fleet);
    });
    await showFleet(fleet);
    narration.close();
    if (options.keep) {
      await environment.release();
      sayHowToGoOn(options.name);
      return;
    }
  } catch (error) {
    await environment.stop();
    throw error;
  }
  await environment.stop();
}

function sayHowToGoOn(name: string): void {
  console.log(`
It is still up. To go on with it:
  eval "$(npx plumbline local env --name ${name})"
  npx plumbline status
  npx plumbline records --since 1h
  npx plumbline images prod-eu
  kubectl --context prod-eu --namespace shop get deployments,pods
  npx plumbline local down --name ${name}       ends it and removes everything`);
}
