-- Commendations are bulletins too.

ALTER TABLE bulletins
    ADD COLUMN reward_id uuid GENERATED ALWAYS AS ((document ->> 'reward_id')::uuid) STORED,
    ADD CONSTRAINT "NOT-4 one bulletin per reward" UNIQUE (reward_id);
