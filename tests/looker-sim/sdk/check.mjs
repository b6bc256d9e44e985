// Looker's official Node SDK against the simulated Looker.
//
// Called with the address of one whose clock stands at 2026-05-13T12:00:00Z and whose credentials are
// in the environment. Ends with 0 when the SDK understood all it was answered.

import { isDeepStrictEqual } from "node:util";

import { LookerNodeSDK } from "@looker/sdk-node";
import { DelimArray } from "@looker/sdk-rtl";

const BASE = process.argv[2];
const MONTHS = {
  model: "shop",
  view: "orders",
  fields: ["orders.created_month", "orders.count"],
  filters: { "orders.created_date": "3 months" },
  sorts: ["orders.created_month desc"],
  limit: "500",
};

async function main() {
  // The SDK says in every call that it was given no signal; and it never gives up by itself.
  console.debug = () => {};
  setTimeout(() => fail(new Error("the SDK waited in vain for an answer")), 120_000).unref();
  const sdk = LookerNodeSDK.init40();
  for (const check of [
    session, searches, dashboards, looks, queries, runs, tasks, several, kill, merged, refusals,
    tooMany, revoked, expired, goodbye,
  ]) {
    await check(sdk);
    console.log(`ok ${check.name}`);
  }
}

function fail(error) {
  console.error(error);
  process.exit(1);
}

async function switchboard(path, options) {
  const response = await fetch(BASE + path, options);
  if (!response.ok) throw new Error(`${path} answers ${response.status}: ${await response.text()}`);
  return response;
}

const order = (path, body) => switchboard(path, { method: "POST", body: JSON.stringify(body) });
const faults = (switches = {}) => order("/_faults", switches);
const logins = async () => (await (await switchboard("/_log")).json()).logins;

function equal(found, expected) {
  if (!isDeepStrictEqual(found, expected)) {
    throw new Error(`found ${JSON.stringify(found)} where ${JSON.stringify(expected)} was expected`);
  }
}

async function waitFor(condition, what) {
  const deadline = Date.now() + 20_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function refused(promise) {
  const answer = await promise.then(
    (value) => ({ value }),
    (refusal) => ({ refusal }),
  );
  if (answer.refusal?.name !== "LookerSDKError") {
    throw new Error("was not refused as Looker refuses", { cause: answer.refusal ?? answer.value });
  }
  return answer.refusal;
}

const ids = (things) => things.map((thing) => thing.id);
const column = (rows, field) => rows.map((row) => row[field].value);

async function session(sdk) {
  const me = await sdk.ok(sdk.me());
  equal([me.id, me.email], ["7", "ada.admin@example.com"]);
  const versions = await sdk.ok(sdk.versions());
  equal(versions.current_version.version, "4.0");
  equal(versions.api_server_url, BASE);
}

async function searches(sdk) {
  const search = (asked) => sdk.ok(sdk.search_dashboards(asked));
  const found = await search({ title: "weekly review", fields: "id,title,folder(name)", sorts: "id" });
  equal(found.map((one) => [one.id, one.folder.name]), [["12", "Sales"], ["13", "Finance"], ["14", "Operations"]]);
  equal(ids(await search({ title: "Q3_sales" })), ["7", "8"]);
  equal(ids(await search({ title: "%launch%" })), ["11"]);
  equal(await search({ title: "Business pulse" }), []);
  equal((await search({ limit: 3, offset: 3 })).length, 3);
  const lookml = await sdk.ok(sdk.search_lookml_dashboards({ title: "Business pulse" }));
  equal(ids(lookml), ["shop::business_pulse"]);
  equal(ids(await sdk.ok(sdk.search_looks({ title: "%revenue%" }))), ["2"]);
}

async function dashboards(sdk) {
  const dashboard = await sdk.ok(sdk.dashboard("1"));
  equal([dashboard.title, dashboard.folder.name], ["Sales overview", "Sales"]);
  equal(dashboard.dashboard_elements.length, 9);
  const tiles = await sdk.ok(sdk.dashboard_dashboard_elements("shop::business_pulse"));
  equal(ids(tiles), ["shop::business_pulse::orders_by_week", "shop::business_pulse::revenue"]);
  equal(tiles[0].result_maker.filterables[0].listen[0].dashboard_filter_name, "Period");
  equal(tiles[0].result_maker.vis_config.type, "looker_line");
  const filters = await sdk.ok(sdk.dashboard_dashboard_filters("4"));
  equal(filters.map((one) => one.type), ["date_filter", "string_filter", "field_filter", "number_filter"]);
  equal((await sdk.ok(sdk.dashboard_element("503"))).look_id, "1");
  equal((await sdk.ok(sdk.folder("3"))).name, "Finance");
}

async function looks(sdk) {
  const look = await sdk.ok(sdk.look("1"));
  equal(look.query.fields, ["orders.created_month", "orders.count"]);
  const rows = await sdk.ok(sdk.run_look({ look_id: "1", result_format: "json" }));
  equal(rows.length, 6);
  equal(rows[0]["orders.created_month"], "2026-05");
}

async function queries(sdk) {
  const first = await sdk.ok(sdk.create_query(MONTHS));
  const again = await sdk.ok(sdk.create_query(MONTHS));
  equal(first.id, again.id);
  equal([first.limit, first.column_limit], ["500", null]);
  equal((await sdk.ok(sdk.query(first.id))).slug, first.slug);
  equal((await sdk.ok(sdk.query_for_slug(first.slug))).id, first.id);
}

async function runs(sdk) {
  const inline = (result_format, more = {}) => sdk.ok(sdk.run_inline_query({ result_format, body: MONTHS, ...more }));
  const query = await sdk.ok(sdk.create_query(MONTHS));
  const asked = { query_id: query.id, result_format: "json_detail", server_table_calcs: true };
  const detail = await sdk.ok(sdk.run_query(asked));
  equal(column(detail.data, "orders.created_month"), ["2026-05", "2026-04", "2026-03"]);
  const origin = [detail.from_cache, detail.ran_at, detail.timezone];
  equal(origin, [false, "2026-05-13T12:00:00+00:00", "UTC"]);
  const cached = await inline("json_detail");
  equal([cached.from_cache, cached.data], [true, detail.data]);
  equal((await inline("json_detail", { cache: false })).from_cache, false);
  const lines = (await inline("csv")).trimEnd().split("\n");
  equal([lines[0], lines.length], ["Orders Created Month,Orders Count", 4]);
  const grid = await inline("json_bi");
  equal(column(grid.rows, "orders.count"), column(detail.data, "orders.count"));
}

async function taskOf(sdk, query, result_format = "json_detail", more = {}) {
  return sdk.ok(sdk.create_query_task({ body: { query_id: query.id, result_format }, ...more }));
}

async function reached(sdk, task, status) {
  await waitFor(async () => (await sdk.ok(sdk.query_task(task.id))).status === status, `a task to be ${status}`);
}

async function tasks(sdk) {
  const query = await sdk.ok(sdk.create_query(MONTHS));
  await faults({ hang: true });
  const wishes = { cache: false, server_table_calcs: true, force_production: true };
  const task = await taskOf(sdk, query, "json_detail", wishes);
  equal([task.query_id, task.result_format], [query.id, "json_detail"]);
  await reached(sdk, task, "running");
  // 202 comes without a body.
  equal(await sdk.ok(sdk.query_task_results(task.id)), "");
  // Told to try twice, the SDK comes back after a 202 by itself.
  const statuses = [];
  const result = await sdk.ok(sdk.query_task_results(task.id, {
    maxTries: 2,
    waitHandler: async (wait) => {
      statuses.push(wait.response.statusCode);
      await faults();
      await reached(sdk, task, "complete");
      return { response: "retry" };
    },
  }));
  equal([statuses, result.data.length], [[202], 3]);
}

async function several(sdk) {
  const query = await sdk.ok(sdk.create_query(MONTHS));
  const done = await taskOf(sdk, query);
  const other = await taskOf(sdk, query, "csv");
  for (const task of [done, other]) await reached(sdk, task, "complete");
  const asked = new DelimArray([done.id, other.id, "nobody"]);
  const results = await sdk.ok(sdk.query_task_multi_results(asked));
  equal(Object.keys(results).sort(), [...asked].sort());
  equal([results[done.id].status, results[done.id].data.data.length], ["complete", 3]);
  equal([results[other.id].status, typeof results[other.id].data], ["complete", "string"]);
  equal(results.nobody.status, "missing");
}

async function kill(sdk) {
  const query = await sdk.ok(sdk.create_query(MONTHS));
  await faults({ hang: true });
  const task = await taskOf(sdk, query, "json_detail", { cache: false });
  await reached(sdk, task, "running");
  const running = await sdk.ok(sdk.all_running_queries());
  equal(running.map((one) => one.query_id), [query.id]);
  equal(await sdk.ok(sdk.kill_query(task.id)), "");
  equal((await sdk.ok(sdk.query_task(task.id))).status, "killed");
  await faults();
  equal((await refused(sdk.ok(sdk.kill_query(task.id)))).message, "Not found");
}

async function merged(sdk) {
  const merge = await sdk.ok(sdk.merge_query("m1"));
  equal(merge.source_queries.map((source) => source.name), ["orders", "visits"]);
  equal(merge.source_queries[1].merge_fields[0].source_field_name, "visits.created_month");
  const rows = await sdk.ok(sdk.run_sql_query("ordersbymonth", "json"));
  equal([rows.length, Object.keys(rows[0]).sort()], [12, ["MONTH", "ORDERS", "REVENUE"]]);
}

async function refusals(sdk) {
  equal((await refused(sdk.ok(sdk.dashboard("none")))).message, "Not found");
  const body = { model: "shop", view: "" };
  for (const call of [sdk.create_query(body), sdk.run_inline_query({ result_format: "json_detail", body })]) {
    const refusal = await refused(sdk.ok(call));
    equal([refusal.message, refusal.errors.length], ["Validation Failed", 1]);
    const { field, code, message } = refusal.errors[0];
    equal([field, code, message], ["view", "missing_field", "view is required"]);
  }
  const unknown = { ...MONTHS, fields: ["orders.x"] };
  const rows = await sdk.ok(sdk.run_inline_query({ result_format: "json", body: unknown }));
  equal(Object.keys(rows[0]), ["looker_error"]);
}

async function tooMany(sdk) {
  const inline = (options) => sdk.ok(sdk.run_inline_query({ result_format: "json_detail", body: MONTHS }, options));
  const status = { code: 429, retry_after: 7, times: 1, paths: ["/api/4.0/queries/run"] };
  await faults({ status });
  equal((await refused(inline())).message, "Too Many Requests");
  equal((await inline()).data.length, 3);
  await faults({ status });
  const waits = [];
  const result = await inline({
    maxTries: 2,
    waitHandler: async (wait) => {
      // The SDK looks for `Retry-After` by another case than Node's, and waits 2 to 3 s unless told otherwise.
      const { statusCode, headers } = wait.response;
      waits.push([statusCode, headers["retry-after"], wait.waitMS >= 2_000 && wait.waitMS <= 3_000]);
      return { response: "retry" };
    },
  });
  equal([waits, result.data.length], [[[429, "7", true]], 3]);
  await faults();
}

// Looker ends a session before its time: the SDK reports it, and goes on with the dead token.
async function revoked(sdk) {
  const before = await logins();
  await faults({ unauthorized_next: 1 });
  for (let call = 0; call < 2; call += 1) {
    equal((await refused(sdk.ok(sdk.me()))).message, "Requires authentication.");
    equal(sdk.authSession.isAuthenticated(), true);
  }
  equal(await logins(), before);
  sdk.authSession.reset();
  equal((await sdk.ok(sdk.me())).id, "7");
  equal(await logins(), before + 1);
}

async function expired(sdk) {
  const before = await logins();
  // An hour later by Looker's clock, and not by the SDK's.
  await order("/_clock", { advance: 3600 });
  equal((await refused(sdk.ok(sdk.me()))).message, "Requires authentication.");
  equal(await logins(), before);
  // By its own clock as well, the SDK logs in again before it calls.
  const token = sdk.authSession.activeToken;
  const [life, dead] = [token.expiresAt - Date.now(), token.access_token];
  equal([token.expires_in, life > 3_500_000 && life <= 3_590_000], [3600, true]);
  token.expiresAt = new Date();
  equal((await sdk.ok(sdk.me())).id, "7");
  equal(await logins(), before + 1);
  equal(sdk.authSession.activeToken.access_token === dead, false);
}

async function goodbye(sdk) {
  equal(await sdk.authSession.logout(), true);
  equal(sdk.authSession.isAuthenticated(), false);
  // The next call logs in again by itself.
  equal((await sdk.ok(sdk.me())).id, "7");
  equal(await sdk.ok(sdk.logout()), "");
  // The SDK does not know that this token is gone, and Looker does.
  equal((await refused(sdk.ok(sdk.me()))).message, "Requires authentication.");
}

main().catch(fail);
