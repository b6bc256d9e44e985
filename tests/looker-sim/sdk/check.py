"""Looker's official Python SDK against the simulated Looker.

Called with the address of one whose clock stands at 2026-05-13T12:00:00Z and whose credentials are
in the environment. Ends with 0 when the SDK understood all it was answered.
"""

import datetime
import json
import sys
import time
import urllib.request

import looker_sdk
from looker_sdk import error, models40 as models
from looker_sdk.rtl import auth_token

BASE = sys.argv[1]
MONTHS = models.WriteQuery(
    model="shop",
    view="orders",
    fields=["orders.created_month", "orders.count"],
    filters={"orders.created_date": "3 months"},
    sorts=["orders.created_month desc"],
    limit="500",
)


def order(path, body):
    urllib.request.urlopen(urllib.request.Request(BASE + path, data=json.dumps(body).encode(), method="POST"))


def faults(**switches):
    order("/_faults", switches)


def logins():
    return json.load(urllib.request.urlopen(f"{BASE}/_log"))["logins"]


def equal(found, expected):
    if found != expected:
        raise AssertionError(f"found {found!r} where {expected!r} was expected")


def wait_for(condition, what):
    deadline = time.monotonic() + 20
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited in vain for {what}")
        time.sleep(0.02)


def refused(call, *arguments, **named):
    try:
        call(*arguments, **named)
    except error.SDKError as refusal:
        return refusal
    raise AssertionError(f"{call.__name__} was not refused")


def main():
    sdk = looker_sdk.init40()
    for check in (
        session, searches, dashboards, looks, queries, runs, tasks, several, kill, merged, refusals,
        too_many, revoked, expired, goodbye,
    ):
        check(sdk)
        print(f"ok {check.__name__}")


def session(sdk):
    me = sdk.me()
    equal((me.id, me.email), ("7", "ada.admin@example.com"))
    versions = sdk.versions()
    equal(versions.current_version.version, "4.0")
    equal(versions.api_server_url, BASE)


def searches(sdk):
    found = sdk.search_dashboards(title="weekly review", fields="id,title,folder(name)", sorts="id")
    equal([(d.id, d.folder.name) for d in found], [("12", "Sales"), ("13", "Finance"), ("14", "Operations")])
    equal([d.id for d in sdk.search_dashboards(title="Q3_sales")], ["7", "8"])
    equal([d.id for d in sdk.search_dashboards(title="%launch%")], ["11"])
    equal(list(sdk.search_dashboards(title="Business pulse")), [])
    equal(len(sdk.search_dashboards(limit=3, offset=3)), 3)
    found = sdk.search_lookml_dashboards(title="Business pulse")
    equal([d.id for d in found], ["shop::business_pulse"])
    equal([look.id for look in sdk.search_looks(title="%revenue%")], ["2"])


def dashboards(sdk):
    dashboard = sdk.dashboard("1")
    equal((dashboard.title, dashboard.folder.name), ("Sales overview", "Sales"))
    equal(len(dashboard.dashboard_elements), 9)
    tiles = sdk.dashboard_dashboard_elements("shop::business_pulse")
    equal([tile.id for tile in tiles], ["shop::business_pulse::orders_by_week", "shop::business_pulse::revenue"])
    equal(tiles[0].result_maker.filterables[0].listen[0].dashboard_filter_name, "Period")
    equal(tiles[0].result_maker.vis_config["type"], "looker_line")
    filters = sdk.dashboard_dashboard_filters("4")
    kinds = ["date_filter", "string_filter", "field_filter", "number_filter"]
    equal([given.type for given in filters], kinds)
    equal(sdk.dashboard_element("503").look_id, "1")
    equal(sdk.folder("3").name, "Finance")


def looks(sdk):
    look = sdk.look("1")
    equal(look.query.fields, ["orders.created_month", "orders.count"])
    rows = json.loads(sdk.run_look("1", "json"))
    equal(len(rows), 6)
    equal(rows[0]["orders.created_month"], "2026-05")


def queries(sdk):
    first, again = sdk.create_query(MONTHS), sdk.create_query(MONTHS)
    equal(first.id, again.id)
    equal((first.limit, first.column_limit), ("500", None))
    equal(sdk.query(first.id).slug, first.slug)
    equal(sdk.query_for_slug(first.slug).id, first.id)


def runs(sdk):
    query = sdk.create_query(MONTHS)
    detail = json.loads(sdk.run_query(query.id, "json_detail", server_table_calcs=True))
    equal([row["orders.created_month"]["value"] for row in detail["data"]], ["2026-05", "2026-04", "2026-03"])
    equal((detail["from_cache"], detail["ran_at"], detail["timezone"]), (False, "2026-05-13T12:00:00+00:00", "UTC"))
    inline = json.loads(sdk.run_inline_query("json_detail", MONTHS))
    equal((inline["from_cache"], inline["data"]), (True, detail["data"]))
    fresh = json.loads(sdk.run_inline_query("json_detail", MONTHS, cache=False))
    equal(fresh["from_cache"], False)
    lines = sdk.run_inline_query("csv", MONTHS).splitlines()
    equal((lines[0], len(lines)), ("Orders Created Month,Orders Count", 4))
    grid = json.loads(sdk.run_inline_query("json_bi", MONTHS))
    equal(grid["rows"][0]["orders.count"]["value"], detail["data"][0]["orders.count"]["value"])


def task_of(sdk, query_id, result_format=models.ResultFormat.json_detail, **named):
    body = models.WriteCreateQueryTask(query_id=query_id, result_format=result_format)
    return sdk.create_query_task(body, **named)


def tasks(sdk):
    query = sdk.create_query(MONTHS)
    faults(hang=True)
    task = task_of(sdk, query.id, cache=False, server_table_calcs=True, force_production=True)
    equal((task.query_id, task.result_format), (query.id, "json_detail"))
    wait_for(lambda: sdk.query_task(task.id).status == "running", "the task to run")
    # 202 comes without a body.
    equal(sdk.query_task_results(task.id), "")
    faults()
    wait_for(lambda: sdk.query_task(task.id).status == "complete", "the task to complete")
    equal(len(json.loads(sdk.query_task_results(task.id))["data"]), 3)


def several(sdk):
    query = sdk.create_query(MONTHS)
    done, other = task_of(sdk, query.id), task_of(sdk, query.id, models.ResultFormat.csv)
    for task in (done, other):
        wait_for(lambda: sdk.query_task(task.id).status == "complete", "the tasks to complete")
    results = sdk.query_task_multi_results(models.DelimSequence([done.id, other.id, "nobody"]))
    equal(sorted(results), sorted([done.id, other.id, "nobody"]))
    equal(results[done.id]["status"], "complete")
    equal(len(results[done.id]["data"]["data"]), 3)
    equal(results["nobody"]["status"], "missing")


def kill(sdk):
    query = sdk.create_query(MONTHS)
    faults(hang=True)
    task = task_of(sdk, query.id, cache=False)
    wait_for(lambda: sdk.query_task(task.id).status == "running", "the task to run")
    equal([running.query_id for running in sdk.all_running_queries()], [query.id])
    equal(sdk.kill_query(task.id), "")
    equal(sdk.query_task(task.id).status, "killed")
    faults()
    equal(refused(sdk.kill_query, task.id).message, "Not found")


def merged(sdk):
    merge = sdk.merge_query("m1")
    equal([source.name for source in merge.source_queries], ["orders", "visits"])
    equal(merge.source_queries[1].merge_fields[0].source_field_name, "visits.created_month")
    rows = json.loads(sdk.run_sql_query("ordersbymonth", "json"))
    equal((len(rows), sorted(rows[0])), (12, ["MONTH", "ORDERS", "REVENUE"]))


def refusals(sdk):
    equal(refused(sdk.dashboard, "none").message, "Not found")
    nothing = models.WriteQuery(model="shop", view="")
    for call, arguments in ((sdk.create_query, [nothing]), (sdk.run_inline_query, ["json_detail", nothing])):
        refusal = refused(call, *arguments)
        equal((refusal.message, len(refusal.errors)), ("Validation Failed", 1))
        wrong = refusal.errors[0]
        equal((wrong.field, wrong.code, wrong.message), ("view", "missing_field", "view is required"))
    rows = json.loads(sdk.run_inline_query("json", models.WriteQuery(model="shop", view="orders", fields=["orders.x"])))
    equal(list(rows[0]), ["looker_error"])


def too_many(sdk):
    # Only the SDK's transport gets to see when to come back; the SDK never tries again by itself.
    waits = []
    sdk.transport.session.hooks["response"].append(
        lambda response, **_: waits.append((response.status_code, response.headers.get("Retry-After")))
    )
    faults(status={"code": 429, "retry_after": 7, "times": 1, "paths": ["/api/4.0/queries/run"]})
    equal(refused(sdk.run_inline_query, "json_detail", MONTHS).message, "Too Many Requests")
    equal(len(json.loads(sdk.run_inline_query("json_detail", MONTHS))["data"]), 3)
    equal(waits, [(429, "7"), (200, None)])
    sdk.transport.session.hooks["response"].clear()
    faults()


def revoked(sdk):
    """Looker ends a session before its time: the SDK reports it, and goes on with the dead token."""
    before = logins()
    faults(unauthorized_next=1)
    for _ in range(2):
        equal(refused(sdk.me).message, "Requires authentication.")
        equal(sdk.auth.is_authenticated, True)
    equal(logins(), before)
    sdk.auth.token = auth_token.AuthToken()
    equal((sdk.me().id, logins()), ("7", before + 1))


def expired(sdk):
    before = logins()
    # An hour later by Looker's clock, and not by the SDK's.
    order("/_clock", {"advance": 3600})
    equal(refused(sdk.me).message, "Requires authentication.")
    equal(logins(), before)
    # By its own clock as well, the SDK logs in again before it calls.
    dead = sdk.auth.token
    life = dead.expires_at - datetime.datetime.now()
    equal((dead.expires_in, 3500 < life.total_seconds() <= 3590), (3600, True))
    dead.expires_at = datetime.datetime.now()
    equal((sdk.me().id, logins()), ("7", before + 1))
    equal(sdk.auth.token.access_token == dead.access_token, False)


def goodbye(sdk):
    sdk.auth.logout()
    equal(sdk.auth.is_authenticated, False)
    # The next call logs in again by itself.
    equal(sdk.me().id, "7")
    sdk.logout()
    # The SDK does not know that this token is gone, and Looker does.
    equal(refused(sdk.me).message, "Requires authentication.")


if __name__ == "__main__":
    main()
