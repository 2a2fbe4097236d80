"""POST /v1/learners/{id}/responses: what a learner did, stored once and judged."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Response
from flask_openapi.blueprint import APIBlueprint

from api import replies
from api.problems import Problem
from api.reading import PROBLEM, documented, read_body, reply
from api.reply_schemas import ResponsesOut
from api.schemas import MOST_GRADED, Checks, LearnerPath, ResponsesIn
from api.strict_json import Fault, pointer
from api.submissions import Submission, read_submissions
from api.wiring import Service
from data.responses import ResponseConflict
from student_model.types import LearnerId


def routes(service: Service) -> APIBlueprint:
    """The routes of this file, over this service."""
    topic = APIBlueprint(
        "responses",
        __name__,
        url_prefix="/v1",
        abp_tags=[{"name": "Learners"}],
        abp_responses={400: PROBLEM, 409: PROBLEM, 413: PROBLEM, 415: PROBLEM},
    )

    @topic.post(
        "/learners/<learner:learner_id>/responses",
        operation_id="store_responses",
        summary="Store what a learner did",
        description="One response or a list, which is stored whole or not at all. Sending a `response_id` "
        "again is harmless, and tells how it was judged then or by a teacher since; with another content it is a "
        "conflict. Answers are judged by the item's key unless "
        "`correct` or `score` say how the platform judged them. What no key settles, the grader grades: "
        "`grade` says as what, how surely, and what in the answer matched; where `for_review`, a teacher is asked. "
        f"One request may have {MOST_GRADED} answers in words graded, each step counted; further ones the others. "
        "`before` is each belief's probability before these responses, at the same time.",
        request_body=documented(topic, ResponsesIn),
        responses={200: ResponsesOut, 201: ResponsesOut},
    )
    def store_responses(path: LearnerPath) -> Response:
        learner_id = LearnerId(path.learner_id)
        now = service.clock()
        checks = Checks(service.graph, now, service.grader)
        sent = read_body(lambda body: read_submissions(body, learner_id, checks))
        before = service.answer(learner_id, now).reading.beliefs
        try:
            stored = service.respond(learner_id, sent)
        except ResponseConflict as conflict:
            raise _conflict(conflict, sent) from None
        standing = service.standing(learner_id, now)
        seen = standing.beliefs, standing.in_a_week, standing.frontier
        touched = service.touched([one.response for one in sent])
        document = {
            "responses": [
                {
                    "response_id": one.response.response_id,
                    "status": outcome.status,
                    "position": outcome.position,
                    "judgement": replies.judgement(
                        one.item, service.judgement(learner_id, one, outcome), service.review_below
                    ),
                }
                for one, outcome in zip(sent, stored, strict=True)
            ],
            "beliefs": replies.moved(replies.beliefs(service.graph, *seen, touched), service.graph, before),
        }
        return reply(document, 201 if any(outcome.status == "stored" for outcome in stored) else 200)

    return topic


def _conflict(conflict: ResponseConflict, sent: Sequence[Submission]) -> Problem:
    """409: which of the ids were used before, and where they stand in the body."""
    allowed = "a new response_id, with `supersedes` to correct the old one"
    faults = [
        Fault(
            pointer(place, "response_id"),
            f"{one.response.response_id!r} was used with other content",
            allowed,
        )
        for place, one in enumerate(sent)
        if one.response.response_id in conflict.response_ids
    ]
    title = "A response_id came again with another content."
    return Problem(409, "response-conflict", title, f"Nothing was stored. {conflict}", faults)
