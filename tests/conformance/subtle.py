"""A corpus: defects of a few characters in the code of Django, and the cell that notices each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Defect:
    """In a module, the first `old` behind the text `after` is `new`, and the cell notices it."""

    module: str
    after: str
    old: str
    new: str
    cell: str


_ASGI, _RELATED = "django.core.handlers.asgi", "django.db.models.fields.related_descriptors"
_BASE, _GENERIC = "django.db.models.base", "django.contrib.contenttypes.fields"
_QUERY, _CLIENT = "django.db.models.query", "django.test.client"
_JSON, _ORDERS = "django.db.models.fields.json", "django.db.models.expressions"
_MANY, _THROUGH = "def create_forward_many_to_many", "db_for_write(self.through, instance=self.instance)"
_STATIC = "django.contrib.staticfiles.handlers"
_PREFETCHED = "queryset.prefetch_objects.aiter:model"
DEFECTS = (
    Defect(_ASGI, "", 'self.path.startswith(script_name + "/")', "self.path.startswith(script_name)", "PREFIX:result"),
    Defect(_ASGI, "", "set_script_prefix(get_script_prefix(scope))", 'set_script_prefix("")', "PREFIX:result"),
    Defect(_ASGI, "", 'str(self.scope["server"][1])', 'self.scope["server"][1]', "http.request:result"),
    Defect(_ASGI, "", 'if "_" in name:', 'if "_" in name and "-" not in name:', "http.request:result"),
    Defect("django.core.handlers.base", "def get_response_async", "_code >= 400", "_code > 400", "http.response:state"),
    Defect(
        "django.core.cache.backends.base",
        "def aincr_version",
        "await self.adelete",
        "delta and await self.adelete",
        "cache.aincr_version:state",
    ),
    Defect(
        "django.core.cache.backends.locmem",
        "def touch",
        "= self.get_backend_timeout(timeout)",
        "= self.get_backend_timeout(timeout) or self._expire_info[key]",
        "cache.locmem.steps:model",
    ),
    Defect(
        "django.dispatch.dispatcher",
        "async def sync_send():\n                return []\n\n        async def asend_and_wrap_exception",
        "except Exception",
        "except BaseException",
        "signals.asend_robust:result",
    ),
    Defect(
        _RELATED,
        "def create_forward_many_to_many",
        "def remove(self, *objs):\n            self._remove_prefetched_objects()",
        "def remove(self, *objs):",
        "m2m.aremove:model",
    ),
    Defect(
        _RELATED,
        "def create_forward_many_to_many",
        "def clear(self):\n            self._remove_prefetched_objects()",
        "def clear(self):",
        "m2m.aclear:model",
    ),
    Defect(
        _RELATED,
        "def create_reverse_many_to_one_manager",
        "await sync_to_async(self.get_or_create)(**kwargs)",
        "await super(RelatedManager, self).aget_or_create(**kwargs, **{self.field.name: self.instance})",
        "routing.router:state",
    ),
    Defect(
        "django.dispatch.dispatcher",
        "async def asend_robust",
        "responses.append((receiver, err))",
        "pass",
        "signals.asend_robust:result",
    ),
    Defect(
        "django.contrib.auth.decorators",
        "async def _view_wrapper",
        "view_func(request, *args, **kwargs)",
        "view_func(request, *args)",
        "auth.login_required:result",
    ),
    Defect(
        "django.views.decorators.http",
        "async def inner",
        '"Method Not Allowed (%s): %s"',
        '"Not Allowed (%s): %s"',
        "views.decorators.require_http_methods:state",
    ),
    Defect(
        "django.views.decorators.cache",
        "def never_cache",
        '_check_request(request, "never_cache")',
        "pass",
        "views.decorators.never_cache:exception",
    ),
    Defect(
        "django.views.decorators.http",
        "def condition",
        "await func(request, *args, **kwargs)",
        "await func(request, **kwargs)",
        "views.decorators.condition:result",
    ),
    Defect(
        "django.views.decorators.clickjacking",
        "async def",
        'if response.get("X-Frame-Options") is None',
        'if not response.get("X-Frame-Options")',
        "views.decorators.xframe_options_deny:result",
    ),
    Defect(
        "django.utils.decorators",
        "",
        "process_view(request, view_func, args, kwargs)",
        "process_view(request, view_func, args, {})",
        "views.decorators.from_middleware:model",
    ),
    Defect(
        "django.utils.decorators",
        "async def _view_wrapper",
        "_pre_process_request(request, *args, **kwargs)",
        "_pre_process_request(request)",
        "views.decorators.from_middleware:result",
    ),
    Defect(
        "django.views.generic.base",
        "",
        'method != "options" and',
        'method not in ("options", "trace") and',
        "views.class_based.kinds:result",
    ),
    Defect(
        "django.contrib.auth.hashers",
        "async def acheck_password",
        ", preferred=preferred",
        "",
        "auth.hashers.acheck_password:state",
    ),
    Defect(
        "django.contrib.auth.models",
        "async def _auser_has_module_perms",
        "return False\n    return",
        "continue\n    return",
        "auth.user.ahas_module_perms:result",
    ),
    Defect(
        "django.contrib.auth",
        "async def aauthenticate",
        "except PermissionDenied",
        "except Exception",
        "auth.aauthenticate:exception",
    ),
    Defect(
        "django.contrib.auth.backends",
        "async def aauthenticate",
        "UserModel().set_password(password)",
        "pass",
        "auth.model_backend.aauthenticate:state",
    ),
    Defect(
        "django.contrib.auth.models",
        "async def _auser_has_perm",
        "except PermissionDenied",
        "except Exception",
        "auth.user.ahas_perm:exception",
    ),
    Defect(
        "django.contrib.sessions.backends.base",
        "async def _aget_new_session_key",
        "if not await self.aexists(session_key)",
        "if session_key",
        "sessions.db.acreate:statements",
    ),
    Defect(
        "django.http.response",
        "async def __aiter__",
        "warnings.warn(",
        "(lambda *_, **__: None)(",
        "responses.streaming.sync_iterator:result",
    ),
    Defect(
        _RELATED,
        "async def aremove",
        "(*objs, bulk=bulk)",
        "(*objs)",
        "related.aremove.nullable:statements",
    ),
    Defect(
        "django.contrib.sessions.backends.base",
        "async def aget_expiry_age",
        "return delta.days * 86400 + delta.seconds",
        "return max(0, delta.days * 86400 + delta.seconds)",
        "sessions.aget_expiry_age:result",
    ),
    Defect(
        "django.test.client",
        "class AsyncClient(",
        "len(response.context) == 1",
        "len(response.context) >= 1",
        "client.rendered:result",
    ),
    Defect(
        "django.middleware.gzip",
        "",
        'del response.headers["Content-Length"]',
        'response.is_async or response.headers.pop("Content-Length", None)',
        "responses.streaming.gzip:result",
    ),
    Defect(
        "django.shortcuts",
        "async def aget_object",
        "raise Http404(",
        # As `from None` after it does, which stands elsewhere from release to release.
        'raise (lambda *given: [e := Http404(*given), setattr(e, "__suppress_context__", True)][0])(',
        "shortcuts.aget_object_or_404:exception",
    ),
    Defect(_BASE, "post_save.send", "created=(not updated)", "created=True", "model.asave:signals"),
    Defect(_BASE, "post_save.send", "update_fields=update_fields", "update_fields=None", "model.asave:signals"),
    Defect(_BASE, "self.save_base(", "force_update=force_update", "force_update=False", "model.asave.new:model"),
    Defect(_BASE, "def _prepare_related_fields", "if not obj._is_pk_set():", "if False:", "model.asave:model"),
    Defect(_BASE, "and deferred_non", "using == self._state.db", "False", "model.asave.deferred:model"),
    Defect(_BASE, "def refresh_from_db", "_objects_cache = {}", "_unused = {}", "model.arefresh_from_db:model"),
    Defect(_BASE, "def refresh_from_db", "field.delete_cached_value(self)", "pass", "model.arefresh_from_db:model"),
    Defect(_BASE, "# Clear cached relations", "rel.delete_cached_value(self)", "pass", "model.arefresh_from_db:model"),
    Defect(_BASE, "def refresh_from_db", "elif deferred_fields", "elif False", "model.arefresh_from_db.deferred:model"),
    Defect(_BASE, "def delete(", "if not self._is_pk_set():", "if False:", "model.adelete:model"),
    Defect(
        _BASE, "def delete(", "keep_parents=keep_parents", "keep_parents=False", "inheritance.child.model.adelete:model"
    ),
    Defect(
        "django.db.models.deletion",
        "# delete instances",
        "signals.post_delete.send",
        "(lambda **_: None)",
        "model.adelete.user:signals",
    ),
    Defect(_RELATED, 'action="pre_add"', "pk_set=missing_target_ids", "pk_set=target_ids", "m2m.aadd:signals"),
    Defect(_RELATED, 'action="post_remove"', "pk_set=old_ids", "pk_set=None", "m2m.aremove:signals"),
    Defect(_RELATED, "else self.target_field", "_field.get_prep_value(obj)", "_field and obj", "m2m.aset:model"),
    Defect(_RELATED, "elif isinstance(obj, Model)", "raise TypeError", "str", "m2m.aadd:model"),
    Defect(_RELATED, "def set(self, objs, *, bulk", "objs = tuple(objs)", "pass", "related.aset.nullable:model"),
    Defect(_GENERIC, "def set(", "self.clear()", "pass", "generic.aset:model"),
    Defect(_GENERIC, "def set(", "self.remove(*old_objs)", "pass", "generic.aset:model"),
    Defect(_GENERIC, "def remove(", "self.filter(pk__in=[o.pk for o in objs])", "self", "generic.aremove:model"),
    Defect(_GENERIC, "def add(", "self._remove_prefetched_objects()", "pass", "generic.aadd:model"),
    Defect(_GENERIC, "def add(", "obj._state.adding or obj._state.db != db", "False", "generic.aadd:model"),
    Defect(
        "django.contrib.auth",
        "await user_logged_in",
        "sender=user.__class__",
        "sender=user",
        "auth.alogin:signals",
    ),
    Defect(_QUERY, "= collector.delete()", "self._result_cache = None", "pass", "queryset.cache:model"),
    Defect(_QUERY, "rows = query.get_compiler", "self._result_cache = None", "pass", "queryset.cache:model"),
    Defect(_QUERY, "def count(self)", "self._result_cache is not None", "False", "queryset.cache:model"),
    Defect(_QUERY, "def exists(self)", "self._result_cache is None", "True", "queryset.cache:model"),
    Defect(_QUERY, "def contains(", "self._result_cache is not None", "False", "queryset.cache:model"),
    Defect(_CLIENT, "class AsyncClient(", "response.request = request", "pass", "client.get:result"),
    Defect(_CLIENT, "class AsyncClient(", "response.json = ", "_ = ", "client.get:result"),
    Defect(_QUERY, "def bulk_create(", "obj_with_pk._state.db = self.db", "pass", "queryset.abulk_create:model"),
    Defect(
        _QUERY,
        "def _batched_insert",
        "on_conflict is None or on_conflict == OnConflict.UPDATE",
        "on_conflict is None",
        "queryset.abulk_create.conflicts:model",
    ),
    Defect(
        _QUERY, "def bulk_update(", '="bulk_update", fields=fields', '="bulk_update"', "queryset.abulk_update:model"
    ),
    Defect(_QUERY, "# Add the known related", "setattr(obj, field.name, rel_obj)", "pass", "related.afirst:model"),
    Defect("django.shortcuts", "", "_default_manager.all()", "_base_manager.all()", "shortcuts.aget_list_or_404:model"),
    Defect(
        "django.contrib.auth.models",
        "def _create_user_object",
        "self.normalize_email(email)",
        "email",
        "auth.user_manager.acreate_user:model",
    ),
    Defect(
        "django.contrib.auth.models",
        "def _create_user_object",
        "make_password(password)",
        'make_password(password or "")',
        "auth.user_manager.acreate_user:model",
    ),
    Defect(_STATIC, "", "list)(_iterator)", "lambda parts: [*parts][:1])(_iterator)", "http.static_files:result"),
    Defect(_STATIC, "", "and not self.base_url.netloc", "", "http.static_files:model"),
    Defect(_STATIC, "def serve", "insecure=True", "insecure=False", "http.static_files:model"),
    Defect(
        _RELATED,
        "for rel_obj in queryset:\n                if not",
        "self.field.set_cached_value(rel_obj, instance)",
        "pass",
        _PREFETCHED,
    ),
    Defect(
        _GENERIC, "content_type_queries = [", "{obj.pk for obj in objs}", "[each.pk for each in objs][:1]", _PREFETCHED
    ),
    Defect(_QUERY, "def delete(self)", "self._fields is not None", "False", "queryset.adelete:model"),
    Defect(_QUERY, "def contains(", "self._fields is not None", "False", "queryset.acontains:model"),
    Defect(
        "django.core.cache.backends.base",
        "first aget()",
        "key, default, version=version",
        "key, default",
        "cache.aget_or_set:result",
    ),
    Defect(
        _QUERY,
        "def update_or_create",
        "(using=self.db, update_fields=update_fields)",
        "(using=self.db)",
        "manager.aupdate_or_create:model",
    ),
    Defect(
        _QUERY,
        "except IntegrityError:\n                try:",
        "(**kwargs), False",
        "(**kwargs), True",
        "manager.aget_or_create:model",
    ),
    Defect(_RELATED, "def _clear", "save(update_fields=[self.field.name])", "save()", "related.aclear.nullable:model"),
    Defect(_QUERY, "def __or__", "(other.query, sql.OR)", "(other.query, sql.AND)", "queryset.acount:model"),
    Defect(_QUERY, "def __and__", "(other.query, sql.AND)", "(other.query, sql.OR)", "queryset.aupdate:model"),
    Defect(_QUERY, "def __xor__", "(other.query, sql.XOR)", "(other.query, sql.AND)", "queryset.acount:model"),
    Defect(
        _JSON,
        "class KeyTransformIsNull",
        "if not self.rhs:\n            t",
        "if False:\n            t",
        "fields.aiter:model",
    ),
    Defect(_JSON, "class HasKeys(", '" AND "', '" OR "', "fields.aiter:model"),
    Defect(_JSON, "class HasAnyKeys(", '" OR "', '" AND "', "fields.aiter:model"),
    Defect(
        _JSON,
        "class KeyTransformExact",
        "if value in connection.ops.jsonfield_datatype_values",
        "if False",
        "fields.aiter:model",
    ),
    Defect(_JSON, "def compile_json_path", '"[%s]" % num', '"[%s]" % (num + 1)', "fields.aiter:model"),
    Defect(_QUERY, "def get(self", "combinator and (args or kwargs)", "combinator and args", "queryset.aget:model"),
    Defect(_QUERY, "def update(self", '_combined_queries("update")', "_combined_queries", "queryset.aupdate:model"),
    Defect(_QUERY, "def delete(self", '_combined_queries("delete")', "_combined_queries", "queryset.adelete:model"),
    Defect(_QUERY, "class RawQuerySet", "and not self._prefetch_done", "and self._prefetch_done", _PREFETCHED),
    Defect(
        _QUERY, "class RawQuerySet", "using=self._db,\n            hints", "using=None,\n            hints", _PREFETCHED
    ),
    Defect(
        _RELATED,
        _MANY,
        "queryset.using(queryset._db or self._db)",
        "queryset.using(self._db)",
        _PREFETCHED,
    ),
    Defect(_QUERY, "def bulk_update(", "batch_size <= 0", "batch_size < 0", "queryset.abulk_update:model"),
    Defect(_ORDERS, "def reverse_ordering", "= not self.descending", "= True", "queryset.alast:model"),
    Defect(
        _ORDERS, "def reverse_ordering", "self.nulls_last = True", "self.nulls_first = True", "queryset.aiter:model"
    ),
    Defect(_RELATED, _MANY, "self.reverse = reverse", "self.reverse = False", "m2m.reverse.aadd:signals"),
    Defect(_RELATED, "def add(self, *objs, through", _THROUGH, "db_for_write(self.through)", "m2m.aadd:model"),
    Defect(_RELATED, "def _remove_items", _THROUGH, "db_for_write(self.through)", "m2m.aremove:model"),
    Defect(_GENERIC, "def _clear", "self.model, instance=self.instance", "self.model", "generic.aclear:model"),
)
