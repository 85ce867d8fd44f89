import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Whole stacks and long programmes; every other file ends within seconds. */
const LONGEST = [
  'tests/e2e/',
  'tests/contract/api/hostile-requests',
  'tests/functions/fulfillment/',
  'tests/infra/local/stack',
  'tests/faults/',
  'tests/reports/rollups',
] as const;

/** Starts the longest files first, so that at the end of a run no core waits for one of them. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rest = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification) =>
      LONGEST.some((place) => moduleId.includes(place));
    return [...rest.filter(isLong), ...rest.filter((file) => !isLong(file))];
  }
}
