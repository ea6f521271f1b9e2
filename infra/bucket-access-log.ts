/** A bucket's access log in another bucket: who requested which object. S3 delivers it within hours. */
import { Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Bucket, CfnBucket } from 'aws-cdk-lib/aws-s3';

/**
 * Uses a bucket policy, whatever the app's feature flags say. Without one of the flags, `serverAccessLogsBucket` uses
 * an access control list, which a bucket with an enforced owner refuses. Source: S3 User Guide, "Enabling Amazon S3
 * server access logging".
 */
export function logAccess(bucket: Bucket, log: Bucket): void {
  (bucket.node.defaultChild as CfnBucket).loggingConfiguration = { destinationBucketName: log.bucketName };
  log.addToResourcePolicy(
    new PolicyStatement({
      principals: [new ServicePrincipal('logging.s3.amazonaws.com')],
      actions: ['s3:PutObject'],
      resources: [log.arnForObjects('*')],
      conditions: {
        ArnLike: { 'aws:SourceArn': bucket.bucketArn },
        StringEquals: { 'aws:SourceAccount': Stack.of(bucket).account },
      },
    }),
  );
}
