"""Reads one number off a Looker with Looker's official Python SDK, and says what a read takes.

Called with the field on x and the field that is read; where Looker is stands in the environment.
"""

import json
import resource
import sys
import time

import looker_sdk
from looker_sdk import models40 as models

X, Y = sys.argv[1:]


def main():
    sdk = looker_sdk.init40()
    query = sdk.create_query(models.WriteQuery(model="shop", view="orders", fields=[X, Y], limit="500"))

    def run():
        return sdk.run_query(query.id, "json_detail")

    def task():
        order = models.WriteCreateQueryTask(query_id=query.id, result_format=models.ResultFormat.json_detail)
        begun = sdk.create_query_task(order)
        time.sleep(0.01)
        while sdk.query_task(begun.id).status != "complete":
            time.sleep(0.01)
        return sdk.query_task_results(begun.id)

    # Few of the second: each answer that the SDK makes a model of takes it longer than the one before.
    measured = {"run": measure(run, 50, 1_500), "task": measure(task, 5, 50)}
    print(json.dumps({**measured, "value": str(latest(run()))}))


def latest(text):
    return max(json.loads(text)["data"], key=lambda row: row[X]["value"])[Y]["value"]


def measure(call, warm, reads):
    for _ in range(warm):
        latest(call())
    began, before = time.monotonic(), cpu()
    for _ in range(reads):
        latest(call())
    took, wall = cpu() - before, time.monotonic() - began
    return {"each": took * 1e6 / reads, "rate": reads / wall}


def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


main()
