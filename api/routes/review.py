"""GET and POST /v1/review-queue: answers in words whose grade is in doubt, and what teachers say of them."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_openapi.blueprint import APIBlueprint

from api import reviewing
from api.problems import Problem, invalid, not_found
from api.reading import PROBLEM, checked, documented, read_body, reply
from api.review_schemas import QueueOut, QueueQuery, ReviewPath, VerdictIn, VerdictOut
from api.schemas import Checks
from api.strict_json import Fault
from api.wiring import Service
from data.reviews import JudgedError, NoVerdictError, TextErasedError, UnknownReviewError
from data.rows import TEACHER


def routes(service: Service) -> APIBlueprint:
    """The routes of this file, over this service."""
    topic = APIBlueprint(
        "review", __name__, url_prefix="/v1", abp_tags=[{"name": "Teachers"}], abp_responses={400: PROBLEM}
    )
    refused: dict[int | str, Any] = dict.fromkeys((404, 409, 410, 413, 415), PROBLEM)

    @topic.get(
        "/review-queue",
        operation_id="read_review_queue",
        summary="Answers in words that wait for a teacher",
        description="Those whose grade is less certain than `threshold`, whose text is kept, and which no later "
        "response supersedes.",
        responses={200: QueueOut},
    )
    def read_review_queue(query: QueueQuery) -> Response:
        return reply(reviewing.queue(service, query.limit, query.order))

    @topic.post(
        "/review-queue/<review_id>",
        operation_id="judge_answer",
        summary="Say what an answer in words is worth",
        description="The verdict is a later response that supersedes the graded one: the learner is folded anew, and "
        "`wayline responses graded` tells it as training data. Sending it again is harmless. What a teacher judged, "
        "or the platform corrected, is a conflict, unless `replaces` names the verdict that is to be changed: the last "
        "one counts. Where the text has been erased, there is nothing left to judge.",
        request_body=documented(topic, VerdictIn),
        responses={200: VerdictOut, 201: VerdictOut, **refused},
    )
    def judge_answer(path: ReviewPath) -> Response:
        checks = Checks(service.graph, service.clock(), service.grader)
        sent = read_body(lambda body: checked(VerdictIn, body, checks))
        try:
            judged = reviewing.judge(service, path.review_id, sent)
        except UnknownReviewError:
            raise not_found("There is no answer of this review_id; GET /v1/review-queue lists what waits.") from None
        except JudgedError as error:
            raise _judged(error) from None
        except NoVerdictError:
            message, allowed = "this is no verdict on this answer", "the response_id of the last verdict on it, or none"
            raise invalid([Fault("/replaces", message, allowed)]) from None
        except TextErasedError:
            title, detail = "There is nothing left to judge.", "The text of this answer has been erased since."
            raise Problem(410, "text-erased", title, f"{detail} Nothing was stored.") from None
        return reply(judged.document, 201 if judged.fresh else 200)

    return topic


def _judged(error: JudgedError) -> Problem:
    """409: who was first."""
    more = ""
    if error.by is None:
        by = "The platform has corrected this answer since"
    elif error.by.startswith(TEACHER):
        by = f"{error.by.removeprefix(TEACHER)} has judged this answer already"
        more = f' To change that verdict, send `"replaces": "{error.response_id}"` with the new one.'
    else:
        by = f"The learner's answer has been corrected since, and {error.by} graded that"
    return Problem(409, "judged-already", "This answer waits no longer.", f"{by}. Nothing was stored.{more}")
