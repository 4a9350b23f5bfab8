import { checkSteps, report, vitestStep } from './steps.ts';

report([
  ...(await checkSteps()),
  await vitestStep('Real processes: git, kubectl, the command', ['process']),
  await vitestStep('Real API servers and the deployed stack', ['cluster', 'aws']),
]);
