// SPDX-License-Identifier: Apache-2.0
// AXI4-Lite control slave in the register layout of Vitis HLS:
//   0x00  control: 0 start, 1 done (clear on read), 2 idle, 3 ready (clear on read), 7 auto-restart: the end of a
//         run starts the next one, 9 the interrupt line
//   0x04  global interrupt enable: bit 0
//   0x08  interrupt enable: 0 done, 1 ready
//   0x0c  interrupt status: 0 done, 1 ready (a written 1 toggles)
//   0x10  N words: written by the host where WRITABLE has a 1, else read from `status`
module hls_axilite #(
    parameter int A = 8,                    // address bits
    parameter int N = 1,                    // words from 0x10 on
    parameter logic [N-1:0] WRITABLE = '1
) (
    input  logic            clk,
    input  logic            rst,
    input  logic [A-1:0]    awaddr,
    input  logic            awvalid,
    output logic            awready,
    input  logic [31:0]     wdata,
    input  logic [3:0]      wstrb,
    input  logic            wvalid,
    output logic            wready,
    output logic [1:0]      bresp,
    output logic            bvalid,
    input  logic            bready,
    input  logic [A-1:0]    araddr,
    input  logic            arvalid,
    output logic            arready,
    output logic [31:0]     rdata,
    output logic [1:0]      rresp,
    output logic            rvalid,
    input  logic            rready,
    output logic            irq,
    output logic            start,          // level, until done; with auto-restart it stays
    input  logic            done,           // pulse
    input  logic            idle,
    output logic [32*N-1:0] value,
    input  logic [32*N-1:0] status
);
  localparam int WORDS = 1 << (A - 2);
  logic [A-1:0] write_address;
  logic [31:0] write_data;
  logic [3:0] write_strobe;
  logic have_address, have_data, write, read;
  logic done_seen, ready_seen, auto_restart, global_enable;
  logic [1:0] enable, pending;
  logic [A-3:0] write_index, read_index;

  // Address and data of a write may come in any order; both are held until both are there.
  assign awready = ~have_address;
  assign wready = ~have_data;
  assign write = have_address & have_data & ~bvalid;
  assign write_index = write_address[A-1:2];
  assign arready = ~rvalid;
  assign read = arvalid & arready;
  assign read_index = araddr[A-1:2];
  assign bresp = 2'b00;
  assign rresp = 2'b00;
  assign irq = global_enable & |pending;

  // What a read finds. A function, so that a simulation builds the words only when there is a read.
  function automatic logic [31:0] word_at(input logic [A-3:0] index);
    logic [32*WORDS-1:0] words;
    words = '0;
    words[31:0] = {22'd0, irq, 1'b0, auto_restart, 3'd0, ready_seen, idle, done_seen, start};
    words[63:32] = {31'd0, global_enable};
    words[95:64] = {30'd0, enable};
    words[127:96] = {30'd0, pending};
    for (int k = 0; k < N; k++) words[128+32*k +: 32] = WRITABLE[k] ? value[32*k +: 32] : status[32*k +: 32];
    word_at = words[{index, 5'd0} +: 32];
  endfunction

  always_ff @(posedge clk) begin
    if (awvalid & awready) write_address <= awaddr;
    if (wvalid & wready) begin
      write_data <= wdata;
      write_strobe <= wstrb;
    end
    if (read) rdata <= word_at(read_index);
    if (rst) begin
      have_address <= 1'b0;
      have_data <= 1'b0;
      bvalid <= 1'b0;
      rvalid <= 1'b0;
      start <= 1'b0;
      done_seen <= 1'b0;
      ready_seen <= 1'b0;
      auto_restart <= 1'b0;
      global_enable <= 1'b0;
      enable <= '0;
      pending <= '0;
      value <= '0;
    end else begin
      have_address <= (have_address | awvalid) & ~write;
      have_data <= (have_data | wvalid) & ~write;
      bvalid <= write | (bvalid & ~bready);
      rvalid <= read | (rvalid & ~rready);
      if (done) begin
        start <= auto_restart;
        done_seen <= 1'b1;
        ready_seen <= 1'b1;
      end else begin
        if (write & write_index == '0 & write_strobe[0] & write_data[0]) start <= 1'b1;
        if (read & read_index == '0) begin
          done_seen <= 1'b0;
          ready_seen <= 1'b0;
        end
      end
      if (write & write_index == '0 & write_strobe[0]) auto_restart <= write_data[7];
      if (write & 32'(write_index) == 1 & write_strobe[0]) global_enable <= write_data[0];
      if (write & 32'(write_index) == 2 & write_strobe[0]) enable <= write_data[1:0];
      pending <= (pending ^ (write & 32'(write_index) == 3 & write_strobe[0] ? write_data[1:0] : 2'b00))
          | (done ? enable : 2'b00);
      if (write)
        for (int k = 0; k < N; k++)
          for (int b = 0; b < 4; b++)
            if (32'(write_index) == 4 + k & WRITABLE[k] & write_strobe[b])
              value[32*k+8*b +: 8] <= write_data[8*b +: 8];
    end
  end

  logic unused;
  assign unused = &{1'b0, write_address[1:0], araddr[1:0]};
endmodule
