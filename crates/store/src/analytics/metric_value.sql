declare
    d record;
    days double precision := extract(epoch from to_at - from_at) / 86400;
    quantile double precision;
    ends timestamptz[];
begin
    select * into d from metric_definition m where m.metric = metric_value.metric;
    if not found then
        raise exception 'there is no metric `%`: metric_definition lists all', metric_value.metric;
    end if;
    if from_at >= to_at then
        raise exception 'the window ends at %, which is not after its beginning %', to_at, from_at;
    end if;
    quantile := case d.aggregation when 'median' then 0.5 when 'p75' then 0.75 when 'p90' then 0.9 end;
    if d.aggregation in ('median', 'mean', 'p75', 'p90', 'rate', 'count', 'per_week', 'sum', 'ratio_of_sums') then
        return query
        with seen as (
            select o.slice, o.part_of,
                   case when d.aggregation = 'rate' and o.until >= to_at then 0 else o.value end as value
            from observation o
            where o.metric = metric_value.metric and o.slice_by = metric_value.slice_by
                  and o.at >= from_at and o.at < to_at and o.value is not null
                  and (metric_value.team is null or metric_value.team = any (o.teams))
                  and (metric_value.service is null or metric_value.service = any (o.services))
        ), summed as (
            select s.slice, count(*) as n,
                   case
                       when quantile = 0.5 and d.lower_median
                           then percentile_disc(0.5) within group (order by s.value) filter (where d.lower_median)
                       when quantile is not null
                           then percentile_cont(quantile) within group (order by s.value)
                                filter (where quantile is not null)
                       when d.aggregation = 'count' then count(*)
                       when d.aggregation = 'per_week' then count(*) * 7 / days
                       when d.aggregation = 'sum' then sum(s.value)
                       when d.aggregation = 'ratio_of_sums' then sum(s.value) / nullif(sum(s.part_of), 0)
                       else avg(s.value)
                   end as value
            from seen s group by s.slice
        )
        select s.slice, s.value, s.n from summed s
        union all
        select null, case when d.aggregation = 'count' then 0::double precision end, 0::bigint
        where metric_value.slice_by = 'all' and not exists (select from summed);
    elsif d.aggregation = 'share_of_whole' then
        return query
        with seen as (
            select o.slice, count(*) as n
            from observation o
            where o.metric = metric_value.metric and o.slice_by in ('all', metric_value.slice_by)
                  and o.at >= from_at and o.at < to_at and o.value is not null
                  and (metric_value.team is null or metric_value.team = any (o.teams))
                  and (metric_value.service is null or metric_value.service = any (o.services))
            group by o.slice_by, o.slice
        ), whole as (
            select sum(s.n) filter (where s.slice is null) as n from seen s
        )
        select s.slice, s.n::double precision / w.n::double precision, s.n
        from seen s cross join whole w where (s.slice is null) = (metric_value.slice_by = 'all')
        union all
        select null, null, 0::bigint from whole w where w.n is null and metric_value.slice_by = 'all';
    elsif d.aggregation = 'per_day' then
        -- of what was there before the end that nothing happened is 0; each half reads by its index
        return query
        with seen as (
            select o.slice, true as counts
            from observation o
            where o.metric = metric_value.metric and o.slice_by = metric_value.slice_by
                  and o.at >= from_at and o.at < to_at and o.value is not null
                  and (metric_value.team is null or metric_value.team = any (o.teams))
                  and (metric_value.service is null or metric_value.service = any (o.services))
            union all
            select o.slice, false
            from observation o
            where o.metric = metric_value.metric and o.slice_by = metric_value.slice_by
                  and o.at < to_at and o.value is null
                  and (metric_value.team is null or metric_value.team = any (o.teams))
                  and (metric_value.service is null or metric_value.service = any (o.services))
        ), counted as (
            select s.slice, count(*) filter (where s.counts) as n from seen s group by s.slice
        )
        select c.slice, c.n / days, c.n from counted c
        union all
        select null, null, 0::bigint where metric_value.slice_by = 'all' and not exists (select from counted);
    elsif d.aggregation in ('open_at_day_end', 'age_of_open', 'time_open') then
        ends := array(select g
                      from generate_series(date_trunc('day', from_at) + interval '1 day', to_at, interval '1 day') g
                      order by g);
        if ends = '{}' then
            ends := array[to_at];
        end if;
        return query
        with seen as (
            select o.slice, o.at, coalesce(o.until, 'infinity') as until
            from observation o
            where o.metric = metric_value.metric and o.slice_by = metric_value.slice_by and o.at < to_at
                  and o.present_from < to_at and o.present_until >= from_at
                  and (metric_value.team is null or metric_value.team = any (o.teams))
                  and (metric_value.service is null or metric_value.service = any (o.services))
        ), every as (
            select s.slice,
                   case d.aggregation
                       when 'age_of_open' then
                           percentile_cont(0.5) within group (order by extract(epoch from to_at - s.at)::double precision)
                           filter (where d.aggregation = 'age_of_open' and s.until >= to_at)
                       -- the days that end while one is open
                       when 'open_at_day_end' then
                           sum(width_bucket(s.until, ends) - width_bucket(s.at, ends))::double precision
                           / cardinality(ends)
                       else sum(greatest(extract(epoch from least(s.until, to_at) - greatest(s.at, from_at)), 0))
                           ::double precision
                   end as value,
                   case d.aggregation
                       when 'age_of_open' then count(*) filter (where s.until >= to_at)
                       when 'open_at_day_end' then cardinality(ends)
                       else count(*) filter (where least(s.until, to_at) > greatest(s.at, from_at))
                   end as n
            from seen s group by s.slice
        )
        select e.slice, e.value, e.n from every e
        union all
        select null, null, case when d.aggregation = 'open_at_day_end' then cardinality(ends)::bigint else 0 end
        where metric_value.slice_by = 'all' and not exists (select from every);
    elsif d.aggregation in ('latest_mean', 'latest_sum') then
        return query
        with latest as (
            select distinct on (o.slice, o.key) o.slice, o.value
            from observation o
            where o.metric = metric_value.metric and o.slice_by = metric_value.slice_by and o.at < to_at
                  and (metric_value.team is null or metric_value.team = any (o.teams))
                  and (metric_value.service is null or metric_value.service = any (o.services))
            order by o.slice, o.key, o.at desc
        )
        select l.slice, case when d.aggregation = 'latest_sum' then sum(l.value) else avg(l.value) end, count(*)
        from latest l group by l.slice
        union all
        select null, null, 0::bigint where metric_value.slice_by = 'all' and not exists (select from latest);
    elsif d.aggregation = 'largest_share' then
        return query
        with keyed as (
            select o.slice, o.key, sum(o.value) as value
            from observation o
            where o.metric = metric_value.metric and o.slice_by = metric_value.slice_by
                  and o.at >= from_at and o.at < to_at
                  and (metric_value.team is null or metric_value.team = any (o.teams))
                  and (metric_value.service is null or metric_value.service = any (o.services))
            group by o.slice, o.key
        )
        select k.slice, max(k.value) / nullif(sum(k.value), 0), count(*) from keyed k group by k.slice
        union all
        select null, null, 0::bigint where metric_value.slice_by = 'all' and not exists (select from keyed);
    elsif d.aggregation = 'fewest_with_half' then
        return query
        with authored as (
            -- of an author whose lines are not counted in a repository the commits count
            select o.slice, o.key,
                   case when sum(o.value) > 0 then sum(o.value) else count(*)::double precision end as value
            from observation o
            where o.metric = metric_value.metric and o.slice_by = metric_value.slice_by
                  and o.at >= to_at - interval '12 months' and o.at < to_at
                  and (metric_value.team is null or metric_value.team = any (o.teams))
                  and (metric_value.service is null or metric_value.service = any (o.services))
            group by o.slice, o.subject, o.key
        ), keyed as (
            select a.slice, sum(a.value) as value from authored a group by a.slice, a.key
        ), ranked as (
            select k.slice, sum(k.value) over (partition by k.slice) as whole,
                   sum(k.value) over (partition by k.slice order by k.value desc rows unbounded preceding) - k.value
                       as larger
            from keyed k
        )
        select r.slice, (count(*) filter (where r.larger < r.whole / 2))::double precision, count(*)
        from ranked r group by r.slice
        union all
        select null, null, 0::bigint where metric_value.slice_by = 'all' and not exists (select from keyed);
    else
        raise exception 'the aggregation `%` is not known here', d.aggregation;
    end if;
end
