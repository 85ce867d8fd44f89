import { CfnOutput, RemovalPolicy, Stack } from 'aws-cdk-lib';
import {
  AttributeType,
  BillingMode,
  ProjectionType,
  StreamViewType,
  Table,
  TableEncryption,
} from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import { tableSchema } from '#lib/store/schema';

/**
 * The one table (DESIGN 4) in a stack of its own: everything else can be thrown away and deployed again, the ledger
 * cannot. Its shape comes from `lib/store/schema.ts`, as the tests' table does.
 */
export class TableStack extends Stack {
  readonly table: Table;

  constructor(scope: Construct, id: string, props: { readonly tableName: string }) {
    super(scope, id, {
      description: 'Credit ledger: the table. Retained when the stack is deleted.',
      terminationProtection: true,
    });
    this.table = new Table(this, 'Table', {
      tableName: props.tableName,
      partitionKey: stringKey(tableSchema.partitionKey),
      sortKey: stringKey(tableSchema.sortKey),
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.DEFAULT,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
      stream: StreamViewType[tableSchema.stream],
      timeToLiveAttribute: tableSchema.ttlAttribute,
    });
    for (const index of tableSchema.indexes) {
      this.table.addGlobalSecondaryIndex({
        indexName: index.name,
        partitionKey: stringKey(index.partitionKey),
        sortKey: stringKey(index.sortKey),
        projectionType: ProjectionType[index.projection],
      });
    }
    new CfnOutput(this, 'TableName', { value: this.table.tableName });
  }
}

function stringKey(name: string) {
  return { name, type: AttributeType.STRING };
}
