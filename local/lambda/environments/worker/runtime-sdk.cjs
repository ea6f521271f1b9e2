// The packages of the AWS SDK for JavaScript v3 in Lambda's Node.js runtimes: its clients and their dependencies. AWS
// publishes no list, so this one has the packages of SDK 3.1169. A runtime's SDK is some weeks older than the newest.
'use strict';

/** Clients, without the prefix `@aws-sdk/client-`. */
const CLIENTS = `
  accessanalyzer account acm acm-pca amp amplify amplifybackend amplifyuibuilder api-gateway
  apigatewaymanagementapi apigatewayv2 app-mesh appconfig appconfigdata appflow appintegrations
  application-auto-scaling application-insights application-signals applicationcostprofiler apprunner appstream
  appsync athena auditmanager auto-scaling auto-scaling-plans backup backup-gateway batch bcm-data-exports
  bcm-recommended-actions bedrock bedrock-agent bedrock-agent-runtime bedrock-agentcore bedrock-agentcore-control
  bedrock-data-automation bedrock-data-automation-runtime bedrock-runtime billingconductor braket budgets chatbot
  chime chime-sdk-identity chime-sdk-media-pipelines chime-sdk-meetings chime-sdk-messaging chime-sdk-voice
  cleanrooms cloud9 cloudcontrol clouddirectory cloudformation cloudfront cloudfront-keyvaluestore cloudhsm
  cloudhsm-v2 cloudsearch cloudsearch-domain cloudtrail cloudwatch cloudwatch-events cloudwatch-logs codeartifact
  codebuild codecatalyst codecommit codedeploy codeguru-reviewer codeguruprofiler codepipeline codestar
  codestar-connections codestar-notifications cognito-identity cognito-identity-provider cognito-sync comprehend
  comprehendmedical compute-optimizer config-service connect connect-contact-lens connectcampaigns
  connectcampaignsv2 connectcases connectparticipant controltower cost-and-usage-report-service cost-explorer
  cost-optimization-hub customer-profiles data-pipeline database-migration-service databrew dataexchange datasync
  datazone dax deadline detective device-farm devops-guru direct-connect directory-service dlm docdb docdb-elastic
  drs dsql dynamodb dynamodb-streams ebs ec2 ec2-instance-connect ecr ecr-public ecs efs eks elastic-beanstalk
  elastic-inference elastic-load-balancing elastic-load-balancing-v2 elastic-transcoder elasticache
  elasticsearch-service elementalinference emr emr-containers emr-serverless entityresolution eventbridge
  evidently finspace firehose fis fms forecast forecastquery frauddetector fsx gamelift gameliftstreams geo-maps
  geo-places geo-routes glacier global-accelerator glue grafana greengrass greengrassv2 groundstation guardduty
  health healthlake iam identitystore imagebuilder inspector inspector2 internetmonitor invoicing iot
  iot-1click-projects iot-data-plane iot-events iot-events-data iot-jobs-data-plane iot-wireless iotanalytics
  iotdeviceadvisor iotfleethub iotsecuretunneling iotsitewise iotthingsgraph iottwinmaker ivs ivs-realtime ivschat
  kafka kafkaconnect kendra keyspaces kinesis kinesis-analytics kinesis-analytics-v2 kinesis-video
  kinesis-video-archived-media kinesis-video-media kinesis-video-signaling kinesis-video-webrtc-storage kms
  lakeformation lambda launch-wizard lex-model-building-service lex-models-v2 lex-runtime-service lex-runtime-v2
  license-manager lightsail location lookoutequipment lookoutmetrics lookoutvision m2 machine-learning macie
  macie2 mailmanager managedblockchain marketplace-agreement marketplace-catalog marketplace-commerce-analytics
  marketplace-entitlement-service marketplace-metering mediaconnect mediaconvert medialive mediapackage
  mediapackage-vod mediapackagev2 mediastore mediastore-data mediatailor medical-imaging memorydb mgn
  migration-hub migration-hub-refactor-spaces migrationhub-config migrationhuborchestrator migrationhubstrategy mq
  mturk mwaa neptune neptune-graph neptunedata network-firewall networkmanager oam omics opensearch
  opensearchserverless opsworks opsworkscm organizations osis outposts panorama partnercentral-account
  partnercentral-benefits partnercentral-channel partnercentral-selling payment-cryptography personalize
  personalize-events personalize-runtime pi pinpoint pinpoint-email pinpoint-sms-voice pinpoint-sms-voice-v2 pipes
  polly pricing proton qbusiness qconnect qldb qldb-session quicksight ram rbin rds rds-data redshift
  redshift-data redshift-serverless rekognition rekognitionstreaming resiliencehub resource-explorer-2
  resource-groups resource-groups-tagging-api robomaker rolesanywhere route-53 route-53-domains
  route53-recovery-cluster route53-recovery-control-config route53-recovery-readiness route53resolver rum s3
  s3-control s3tables s3vectors sagemaker sagemaker-a2i-runtime sagemaker-edge sagemaker-featurestore-runtime
  sagemaker-geospatial sagemaker-runtime savingsplans scheduler schemas secrets-manager securityhub securitylake
  serverlessapplicationrepository service-catalog service-catalog-appregistry service-quotas servicediscovery ses
  sesv2 sfn shield signer signer-data sms snow-device-management snowball sns socialmessaging sqs ssm ssm-contacts
  ssm-incidents sso sso-admin sso-oidc storage-gateway sts support swf synthetics textract timestream-influxdb
  timestream-query timestream-write tnb transcribe transcribe-streaming transfer translate trustedadvisor
  verifiedpermissions voice-id vpc-lattice waf waf-regional wafv2 wellarchitected wisdom workdocs worklink
  workmail workmailmessageflow workspaces workspaces-instances workspaces-thin-client workspaces-web xray
`;

/** Other packages, without the prefix `@aws-sdk/`. Packages that were moved to `@smithy` are missing on Lambda. */
const OTHERS = `
  body-checksum-node chunked-stream-reader-node cloudfront-signer core crc64-nvme
  credential-provider-cognito-identity credential-provider-env credential-provider-http credential-provider-ini
  credential-provider-login credential-provider-node credential-provider-process credential-provider-sso
  credential-provider-web-identity credential-providers dsql-signer dynamodb-codec ec2-metadata-service
  endpoint-cache eventstream-handler-node lib-dynamodb lib-storage middleware-bucket-endpoint
  middleware-endpoint-discovery middleware-eventstream middleware-expect-continue middleware-flexible-checksums
  middleware-host-header middleware-location-constraint middleware-logger middleware-recursion-detection
  middleware-sdk-api-gateway middleware-sdk-ec2 middleware-sdk-glacier middleware-sdk-rds middleware-sdk-route53
  middleware-sdk-s3 middleware-sdk-s3-control middleware-sdk-sqs middleware-sdk-sts
  middleware-sdk-transcribe-streaming middleware-ssec middleware-user-agent middleware-websocket nested-clients
  polly-request-presigner rds-signer region-config-resolver s3-presigned-post s3-request-presigner
  sha256-tree-hash signature-v4-multi-region signature-v4a token-providers types util-arn-parser
  util-create-request util-dynamodb util-endpoints util-format-url util-locate-window util-user-agent-node
  xml-builder
`;

const words = (text) => text.trim().split(/\s+/);
const NAMES = new Set([
  ...words(CLIENTS).map((name) => `@aws-sdk/client-${name}`),
  ...words(OTHERS).map((name) => `@aws-sdk/${name}`),
]);

/** Whether the runtimes include the package that this request names, or a file of it. */
function isInRuntime(request) {
  if (!request.startsWith('@aws-sdk/')) return true;
  return NAMES.has(request.split('/').slice(0, 2).join('/'));
}

module.exports = { isInRuntime };
