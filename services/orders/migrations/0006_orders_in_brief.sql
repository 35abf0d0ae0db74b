-- What a list shows of an order. Its payments, papers and goods are with the order itself: they are half of the document,
-- and writing them out is most of what a page of fifty costs.
CREATE FUNCTION in_brief(document jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT document - '{terms,payments,refunds,allocations,shortages,invoices,plan,shipments,goods}'::text[]
$$;
