// The AWS SDK for JavaScript against a running Demarc. DEMARC_URL says where;
// tests/clients/test_node.py starts a server and sets it.

import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import * as sdk from '@aws-sdk/client-direct-connect';

const endpoint = process.env.DEMARC_URL;
assert.ok(endpoint, 'DEMARC_URL names the server under test');

/** A fresh account: tests share nothing. */
function account(id = String(randomInt(4e11, 9e11))) {
  const client = new sdk.DirectConnect({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: id, secretAccessKey: 'any-secret' },
    maxAttempts: 1,
  });
  return { id, client };
}

/** Calls `read` until `wanted` accepts its answer. */
async function eventually(read, wanted) {
  const deadline = Date.now() + 15_000;
  for (;;) {
    const answer = await read();
    if (wanted(answer)) return answer;
    assert.ok(Date.now() < deadline, `not seen in time; last answer ${JSON.stringify(answer)}`);
    await sleep(50);
  }
}

async function location({ client }, speed = '1G') {
  const { locations } = await client.describeLocations({});
  return locations.find((one) => one.availablePortSpeeds.includes(speed)).locationCode;
}

async function connection(owner) {
  const made = await owner.client.createConnection({
    location: await location(owner),
    bandwidth: '1Gbps',
    connectionName: 'node connection',
  });
  await eventually(
    () => owner.client.describeConnections({ connectionId: made.connectionId }),
    ({ connections }) => connections[0].connectionState === 'available',
  );
  return made.connectionId;
}

async function gateway({ client }) {
  const { directConnectGateway } = await client.createDirectConnectGateway({
    directConnectGatewayName: 'node gateway',
    amazonSideAsn: 64600,
  });
  const directConnectGatewayId = directConnectGateway.directConnectGatewayId;
  await eventually(
    () => client.describeDirectConnectGateways({ directConnectGatewayId }),
    ({ directConnectGateways }) => directConnectGateways[0].directConnectGatewayState === 'available',
  );
  return directConnectGatewayId;
}

async function state({ client }, virtualInterfaceId) {
  const { virtualInterfaces } = await client.describeVirtualInterfaces({ virtualInterfaceId });
  return virtualInterfaces[0]?.virtualInterfaceState;
}

test('every list call answers an empty account', async () => {
  const { client } = account();
  assert.deepEqual((await client.describeConnections({})).connections, []);
  assert.deepEqual((await client.describeLags({})).lags, []);
  assert.deepEqual((await client.describeInterconnects({})).interconnects, []);
  assert.deepEqual((await client.describeVirtualInterfaces({})).virtualInterfaces, []);
  assert.deepEqual((await client.describeVirtualGateways({})).virtualGateways, []);
  assert.deepEqual((await client.describeDirectConnectGateways({})).directConnectGateways, []);
  assert.deepEqual(
    (await client.describeDirectConnectGatewayAssociationProposals({})).directConnectGatewayAssociationProposals,
    [],
  );
  assert.deepEqual((await client.listVirtualInterfaceTestHistory({})).virtualInterfaceTestHistory, []);
  assert.ok((await client.describeLocations({})).locations.length >= 2);
  assert.equal((await client.describeCustomerMetadata({})).nniPartnerType, 'v2');
});

test('an error is the class of the model, with its text', async () => {
  const { client } = account();
  await assert.rejects(client.describeConnections({ connectionId: 'nonsense' }), (error) => {
    assert.ok(error instanceof sdk.DirectConnectClientException);
    assert.equal(error.message, 'Connection ID nonsense has an invalid format.');
    assert.equal(error.$metadata.httpStatusCode, 400);
    assert.match(error.$metadata.requestId, /^[0-9a-f-]{36}$/);
    return true;
  });
});

test('tag exceptions have classes of their own', async () => {
  const owner = account();
  const order = { location: await location(owner), bandwidth: '1Gbps', connectionName: 'x' };
  const twice = [{ key: 'a', value: '1' }, { key: 'a', value: '2' }];
  await assert.rejects(owner.client.createConnection({ ...order, tags: twice }), sdk.DuplicateTagKeysException);
  const many = Array.from({ length: 51 }, (_, n) => ({ key: `k${n}`, value: '' }));
  await assert.rejects(owner.client.createConnection({ ...order, tags: many }), sdk.TooManyTagsException);
});

test('the hosted flow between two accounts', async () => {
  const owner = account();
  const customer = account();
  const connectionId = await connection(owner);
  const { virtualInterfaceId } = await owner.client.allocatePrivateVirtualInterface({
    connectionId,
    ownerAccount: customer.id,
    newPrivateVirtualInterfaceAllocation: { virtualInterfaceName: 'node vif', vlan: 101, asn: 65010 },
  });
  assert.equal(await state(customer, virtualInterfaceId), 'confirming');
  const confirmed = await customer.client.confirmPrivateVirtualInterface({
    virtualInterfaceId,
    directConnectGatewayId: await gateway(customer),
  });
  assert.equal(confirmed.virtualInterfaceState, 'pending');
  await eventually(() => state(customer, virtualInterfaceId), (seen) => seen === 'available');

  const target = await connection(owner);
  const moved = await owner.client.associateVirtualInterface({ virtualInterfaceId, connectionId: target });
  assert.equal(moved.connectionId, target);
  await eventually(() => state(customer, virtualInterfaceId), (seen) => seen === 'available');

  const { virtualInterfaceTest } = await customer.client.startBgpFailoverTest({ virtualInterfaceId });
  assert.ok(virtualInterfaceTest.startTime instanceof Date);
  await eventually(() => state(customer, virtualInterfaceId), (seen) => seen === 'testing');
  await customer.client.stopBgpFailoverTest({ virtualInterfaceId });
  await eventually(() => state(customer, virtualInterfaceId), (seen) => seen === 'available');

  const removed = await customer.client.deleteVirtualInterface({ virtualInterfaceId });
  assert.equal(removed.virtualInterfaceState, 'deleting');
  await eventually(() => state(customer, virtualInterfaceId), (seen) => seen === 'deleted');
});

test('a transit virtual interface with a long ASN', async () => {
  const owner = account();
  const { virtualInterface } = await owner.client.createTransitVirtualInterface({
    connectionId: await connection(owner),
    newTransitVirtualInterface: {
      virtualInterfaceName: 'node transit',
      vlan: 7,
      asnLong: 4_200_000_000,
      directConnectGatewayId: await gateway(owner),
      mtu: 8500,
    },
  });
  assert.equal(virtualInterface.asn, 0);
  assert.equal(virtualInterface.asnLong, 4_200_000_000);
  assert.equal(virtualInterface.mtu, 8500);
});

test('the letter arrives as bytes', async () => {
  const owner = account();
  const { loaContent, loaContentType } = await owner.client.describeLoa({ connectionId: await connection(owner) });
  assert.equal(loaContentType, 'application/pdf');
  assert.equal(Buffer.from(loaContent.slice(0, 5)).toString(), '%PDF-');
});

test('pages together are the list', async () => {
  const owner = account();
  const made = [];
  for (let n = 0; n < 3; n += 1) made.push(await gateway(owner));
  const found = [];
  let nextToken;
  do {
    const page = await owner.client.describeDirectConnectGateways({ maxResults: 1, nextToken });
    found.push(...page.directConnectGateways.map((one) => one.directConnectGatewayId));
    nextToken = page.nextToken;
  } while (nextToken);
  assert.deepEqual(found, made);
});

test('a void operation answers an empty object', async () => {
  const owner = account();
  const resourceArn = `arn:aws:directconnect:us-east-1:${owner.id}:dxcon/${await connection(owner)}`;
  const { $metadata, ...rest } = await owner.client.tagResource({ resourceArn, tags: [{ key: 'a', value: 'b' }] });
  assert.equal($metadata.httpStatusCode, 200);
  assert.deepEqual(rest, {});
  const { resourceTags } = await owner.client.describeTags({ resourceArns: [resourceArn] });
  assert.deepEqual(resourceTags, [{ resourceArn, tags: [{ key: 'a', value: 'b' }] }]);
});
