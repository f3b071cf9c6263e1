import { FILES } from '../../conformance/client/files.ts';
import { stage, workloadTests } from './stage.ts';

workloadTests(stage({ needs: ['perl'] }), FILES);
