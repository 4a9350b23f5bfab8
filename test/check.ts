import { checkSteps, report } from './steps.ts';

report(await checkSteps());
