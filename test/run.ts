import { checkSteps, report, vitestStep } from './steps.ts';

report([
  ...(await checkSteps()),
  await vitestStep('Real processes: git, kubectl, the command', ['process']),
  await vitestStep('Real API servers', ['cluster']),
  await vitestStep('The deployed stack', ['aws']),
  await vitestStep('The demo, from its first line to the last process', ['demo']),
]);
